import type { WebhookStatus } from './calls'
import type { Kind } from './channels'

/** Channels whose provider calls us; of the others there is nothing to watch. */
const called: ReadonlySet<Kind> = new Set<Kind>(['whatsapp', 'twilioWhatsapp', 'sms', 'telegram', 'line', 'facebook', 'instagram', 'twitter', 'api'])

export const isCalled = (kind: Kind): boolean => called.has(kind)

/** Where the way from the provider stands. */
export type Stage = 'waiting' | 'verified' | 'received'

export function stageOf(s: Pick<WebhookStatus, 'verified_at' | 'first_event_at'>): Stage {
  if (s.first_event_at) return 'received'
  return s.verified_at ? 'verified' : 'waiting'
}

const causes = ['bad', 'missing', 'no_secret', 'verify_token', 'unknown_channel', 'inactive_account', 'format', 'queue'] as const
export type Cause = (typeof causes)[number]

/** Why webhooks were refused, most frequent first. */
export function refusals(s: Pick<WebhookStatus, 'rejected_24h'>): { cause: Cause; n: number }[] {
  const counts = new Map<Cause, number>()
  for (const [name, n] of Object.entries(s.rejected_24h)) {
    const cause = name.startsWith('queue') ? 'queue' : (causes.find((c) => c === name) ?? 'format')
    counts.set(cause, (counts.get(cause) ?? 0) + n)
  }
  return [...counts].filter(([, n]) => n > 0).map(([cause, n]) => ({ cause, n })).sort((a, b) => b.n - a.n)
}
