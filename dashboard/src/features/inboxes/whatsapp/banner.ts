import type { Inbox } from '@/data/directory'
import { isLive, type Health, type Registration } from './health'

/** What can be done from the banner. */
export type Act =
  | 'register' // POST register_number
  | 'pin' // the same, after a dialog for the PIN
  | 'code' // have a code sent, enter it
  | 'webhook' // POST register_webhook
  | 'check' // read from Meta again
  | 'manager' // WhatsApp Manager, in a new tab
  | 'support' // Meta's support, in a new tab
  | 'reconnect' // Meta's sign-in
  | 'editKey' // the tab with the access token

export interface Banner {
  tone: 'info' | 'warning' | 'bad'
  /** The end of the keys of its title and text. */
  key: string
  acts: readonly Act[]
  /** The button is there and cannot be pressed. */
  blocked?: boolean
  /** Until then nothing happens by itself; ISO. */
  until?: string | null
  /** What the countdown counts to. */
  counts?: 'next' | 'blocked'
  /** Attempts that are left are worth saying. */
  budget?: boolean
  error?: MetaError | null
}

/** Meta's own words about the last attempt. */
export interface MetaError {
  title: string
  message: string
  code: string
  trace: string
}

export function errorOf(r: Pick<Registration, 'last_error'>): MetaError | null {
  const e = r.last_error
  if (!e) return null
  const text = (v: unknown) => (typeof v === 'string' || typeof v === 'number' ? String(v) : '')
  const code = [text(e['code']), text(e['subcode'])].filter(Boolean).join('/')
  return { title: text(e['title']), message: text(e['message']), code, trace: text(e['fbtrace_id']) }
}

export const isCloud = (inbox: Pick<Inbox, 'channel_type' | 'provider'>): boolean =>
  inbox.channel_type === 'Channel::Whatsapp' && inbox.provider === 'whatsapp_cloud'

/** Meta's dialog connected it, so that the dialog can connect it again; others have a key that somebody typed. */
export const isEmbedded = (inbox: Pick<Inbox, 'provider_config'>): boolean => inbox.provider_config?.['source'] === 'embedded_signup'

/** Of states that are over by themselves within a minute or so. */
export const isMoving = (r: Pick<Registration, 'state'> | null): boolean => r?.state === 'registering'

/** Nothing is to be done or waited for. */
export const isSettled = (r: Pick<Registration, 'state' | 'required_action'> | null): boolean =>
  r !== null && ['registered', 'not_needed'].includes(r.state) && !r.required_action

/** The number went live after somebody had to wait for it. */
export function wentLive(before: string | null, now: string | null): boolean {
  return now === 'registered' && before !== null && ['registering', 'waiting_for_meta', 'needs_admin', 'rate_limited', 'auth_error', 'abandoned'].includes(before)
}

/** What is needed of a person, of the actions that the engine names. */
const forAction: Record<string, (r: Registration, embedded: boolean) => Banner> = {
  wait_for_display_name: (r) => waiting(r),
  edit_display_name: () => ({ tone: 'bad', key: 'edit_display_name', acts: ['manager', 'check'] }),
  resubmit_display_name: () => ({ tone: 'bad', key: 'resubmit_display_name', acts: ['manager', 'check'] }),
  enter_pin: () => ({ tone: 'warning', key: 'enter_pin', acts: ['pin'], budget: true }),
  verify_phone_number: () => ({ tone: 'warning', key: 'verify_phone_number', acts: ['code', 'manager', 'check'] }),
  detach_from_whatsapp_app: () => ({ tone: 'warning', key: 'detach_from_whatsapp_app', acts: ['register', 'manager', 'check'], budget: true }),
  migrate_from_on_premise: () => ({ tone: 'warning', key: 'migrate_from_on_premise', acts: ['manager', 'check'] }),
  appeal_restriction: () => ({ tone: 'bad', key: 'appeal_restriction', acts: ['manager', 'check'] }),
  contact_meta: () => ({ tone: 'warning', key: 'contact_meta', acts: ['register', 'support', 'check'], budget: true }),
  fix_callback_url: () => ({ tone: 'warning', key: 'fix_callback_url', acts: ['webhook'] }),
  reconnect: (_, embedded) => ({ tone: 'bad', key: embedded ? 'reconnect' : 'reconnectKey', acts: [embedded ? 'reconnect' : 'editKey', 'check'] }),
  wait_rate_limit: (r) => rateLimited(r),
}

const waiting = (r: Registration): Banner => ({
  tone: 'warning', key: 'waiting_for_meta', acts: ['register', 'manager'], until: r.next_attempt_at, counts: 'next', budget: true,
})

const rateLimited = (r: Registration): Banner => ({
  tone: 'warning', key: 'rate_limited', acts: ['register'], blocked: true, until: r.next_attempt_at, counts: 'blocked',
})

/** What the banner of a number says; null: nothing has to be said. */
export function bannerOf(r: Registration, embedded: boolean): Banner | null {
  const error = errorOf(r)
  const needed = r.required_action ? forAction[r.required_action]?.(r, embedded) : undefined
  switch (r.state) {
    case 'registering':
      return { tone: 'info', key: 'registering', acts: [] }
    case 'auth_error':
      return { tone: 'bad', key: embedded ? 'auth_error' : 'authErrorKey', acts: [embedded ? 'reconnect' : 'editKey', 'check'], error }
    case 'rate_limited':
      return { ...rateLimited(r), error }
    case 'abandoned':
      return { tone: 'warning', key: 'abandoned', acts: ['register', 'manager'], budget: true, error }
    case 'waiting_for_meta':
      return { ...(needed ?? waiting(r)), error }
    case 'needs_admin':
      return { ...(needed ?? { tone: 'warning', key: 'needs_admin', acts: ['register', 'manager', 'check'], budget: true }), error }
  }
  // A live number may still have a webhook that Meta cannot reach.
  return needed ?? null
}

/** Chatwoot's rule, for as long as nothing is known about the registration. */
export function stockBanner(inbox: Inbox, health: Health | null): Banner | null {
  if (!inbox.reauthorization_required) return null
  const embedded = isEmbedded(inbox)
  if (health && !isLive(health) && [health.platform_type, health.throughput_level].includes('NOT_APPLICABLE')) {
    return { tone: 'warning', key: 'waiting_for_meta', acts: ['register', 'manager'] }
  }
  return { tone: 'bad', key: embedded ? 'auth_error' : 'authErrorKey', acts: [embedded ? 'reconnect' : 'editKey'] }
}

/** Time that is left, in parts that people read: "2 d 3 h", "4 min", "12 s". */
export function left(until: string, now: number): { unit: 'dayHour' | 'hourMinute' | 'minuteSecond' | 'second'; a: number; b: number } | null {
  const s = Math.ceil((Date.parse(until) - now) / 1000)
  if (!(s > 0)) return null
  if (s >= 86_400) return { unit: 'dayHour', a: Math.floor(s / 86_400), b: Math.floor((s % 86_400) / 3600) }
  if (s >= 3600) return { unit: 'hourMinute', a: Math.floor(s / 3600), b: Math.floor((s % 3600) / 60) }
  if (s >= 60) return { unit: 'minuteSecond', a: Math.floor(s / 60), b: s % 60 }
  return { unit: 'second', a: s, b: 0 }
}
