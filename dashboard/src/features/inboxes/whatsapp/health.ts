import type { Schema } from '@/api/client'

export type Health = Schema<'Health'>
export type Registration = Schema<'Registration'>
export type Tone = 'good' | 'warning' | 'bad' | 'neutral'

/** What Meta says about a number, by its names, with the tone of each value that is known. */
export const values = {
  name_status: {
    APPROVED: 'good', AVAILABLE_WITHOUT_REVIEW: 'good', PENDING_REVIEW: 'warning', DECLINED: 'bad', REJECTED: 'bad', EXPIRED: 'warning',
    NONE: 'neutral', NON_EXISTS: 'neutral',
  },
  new_name_status: {
    APPROVED: 'good', AVAILABLE_WITHOUT_REVIEW: 'good', PENDING_REVIEW: 'warning', DECLINED: 'bad', REJECTED: 'bad', EXPIRED: 'warning',
    NONE: 'neutral', NON_EXISTS: 'neutral',
  },
  status: {
    CONNECTED: 'good', PENDING: 'warning', UNVERIFIED: 'warning', FLAGGED: 'warning', RATE_LIMITED: 'warning', RESTRICTED: 'bad', BANNED: 'bad',
    DISCONNECTED: 'bad', DELETED: 'bad', MIGRATED: 'bad', UNKNOWN: 'neutral',
  },
  platform_type: { CLOUD_API: 'good', NOT_APPLICABLE: 'warning', ON_PREMISE: 'neutral' },
  code_verification_status: { VERIFIED: 'good', NOT_VERIFIED: 'neutral', UNVERIFIED: 'neutral', EXPIRED: 'warning', EXPIRED_LIVE: 'neutral' },
  account_mode: { LIVE: 'good', SANDBOX: 'neutral' },
  is_on_biz_app: { YES: 'good', SETTING_UP: 'warning', NO: 'neutral' },
  quality_rating: { GREEN: 'good', YELLOW: 'warning', RED: 'bad', UNKNOWN: 'neutral', NA: 'neutral' },
  messaging_limit_tier: {
    TIER_50: 'neutral', TIER_250: 'neutral', TIER_1K: 'neutral', TIER_1000: 'neutral', TIER_2K: 'neutral', TIER_10K: 'neutral', TIER_100K: 'neutral',
    TIER_UNLIMITED: 'good', TIER_NOT_SET: 'neutral',
  },
  throughput: { STANDARD: 'good', HIGH: 'good', NOT_APPLICABLE: 'warning' },
  can_send_message: { AVAILABLE: 'good', LIMITED: 'warning', BLOCKED: 'bad' },
} as const satisfies Record<string, Record<string, Tone>>

export type Field = keyof typeof values

/** How a value is shown: known ones by texts of their own, others as Meta wrote them, readably. */
export interface Shown {
  tone: Tone
  /** The end of the keys of its words and of its explanation; "" for a value that is not known. */
  key: string
  /** The words for a value that is not known; "" where Meta says nothing. */
  words: string
  /** As Meta wrote it. */
  raw: string
}

/** "TIER_2K" as "Tier 2K": for values that Meta invents after us. */
export function readable(value: string): string {
  const words = value.split(/[_\s]+/).filter(Boolean).map((w) => (/\d/.test(w) ? w.toUpperCase() : w.toLowerCase()))
  const text = words.join(' ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}

export function shown(field: Field, value: string | null | undefined, raw: string = value ?? ''): Shown {
  if (!value) return { tone: 'neutral', key: 'MISSING', words: '', raw: '' }
  const tone = (values[field] as Record<string, Tone>)[value]
  return tone ? { tone, key: value, words: '', raw } : { tone: 'neutral', key: '', words: readable(value), raw }
}

/** Meta hosts the number and gave it capacity: it can send. */
export function isLive(h: Pick<Health, 'platform_type' | 'throughput_level' | 'throughput'>): boolean {
  return h.platform_type === 'CLOUD_API' && ['STANDARD', 'HIGH'].includes(levelOf(h) ?? '')
}

export function levelOf(h: Pick<Health, 'throughput_level' | 'throughput'>): string | null {
  const level = h.throughput?.['level']
  return h.throughput_level ?? (typeof level === 'string' ? level : null)
}

/** A field of a number as it is shown. */
export function fieldOf(h: Health, field: Exclude<Field, 'can_send_message'>): Shown {
  switch (field) {
    case 'throughput':
      return shown(field, levelOf(h))
    case 'is_on_biz_app':
      return shown(field, h.is_on_biz_app === null ? null : !h.is_on_biz_app ? 'NO' : h.platform_type === 'CLOUD_API' ? 'YES' : 'SETTING_UP', String(h.is_on_biz_app))
    case 'code_verification_status':
      // The proof lapses on numbers that are well: nothing has to be done about it.
      if (h.code_verification_status === 'EXPIRED' && isLive(h)) return shown(field, 'EXPIRED_LIVE', 'EXPIRED')
      return shown(field, h.code_verification_status)
    default:
      return shown(field, h[field])
  }
}

/** What hinders sending, as Meta tells it of one part. */
export interface Hindrance {
  entity: string
  can: string
  notes: { text: string; solution: string; code: string }[]
}

const order = ['AVAILABLE', 'LIMITED', 'BLOCKED']
const text = (v: unknown): string => (typeof v === 'string' || typeof v === 'number' ? String(v) : '')
const list = (v: unknown): unknown[] => (Array.isArray(v) ? (v as unknown[]) : [])
const object = (v: unknown): Record<string, unknown> => (typeof v === 'object' && v !== null ? (v as Record<string, unknown>) : {})

/** The worst that Meta says about any part that sending needs; null where it says nothing. */
export function worst(h: Pick<Health, 'health_status'>): Hindrance | null {
  const all = list(h.health_status?.['entities']).map((e): Hindrance => {
    const entity = object(e)
    return {
      entity: text(entity['entity_type']),
      can: text(entity['can_send_message']),
      notes: [
        ...list(entity['errors']).map((x) => ({
          text: text(object(x)['error_description']),
          solution: text(object(x)['possible_solution']),
          code: text(object(x)['error_code']),
        })),
        ...list(entity['additional_info']).map((x) => ({ text: text(x), solution: '', code: '' })),
      ].filter((n) => n.text || n.solution),
    }
  })
  const bad = all.filter((e) => e.can).sort((a, b) => order.indexOf(b.can) - order.indexOf(a.can))[0]
  const overall = text(h.health_status?.['can_send_message'])
  if (bad && (!overall || order.indexOf(bad.can) >= order.indexOf(overall))) return bad
  return overall ? { entity: '', can: overall, notes: [] } : null
}

/** Where Meta delivers this number's messages, and where it should. */
export interface Callback {
  expected: string
  /** "" where Meta names none. */
  actual: string
  level: 'phone_number' | 'whatsapp_business_account' | 'application' | ''
  /** here: to this installation, but not to the address of the number. */
  state: 'right' | 'here' | 'wrong' | 'none' | 'unknown'
}

export function callbackOf(h: Pick<Health, 'webhook_configuration' | 'expected_webhook_url'>): Callback {
  const expected = h.expected_webhook_url ?? ''
  for (const level of ['phone_number', 'whatsapp_business_account', 'application'] as const) {
    const actual = text(h.webhook_configuration?.[level])
    if (actual) return { expected, actual, level, state: !expected ? 'unknown' : same(actual, expected) ? 'right' : origin(actual) === origin(expected) ? 'here' : 'wrong' }
  }
  return { expected, actual: '', level: '', state: h.webhook_configuration ? 'none' : 'unknown' }
}

function same(a: string, b: string): boolean {
  const plain = (url: string) => url.replace(/%2B/gi, '+').replace(/\/+$/, '')
  return plain(a) === plain(b)
}

function origin(url: string): string {
  try {
    return new URL(url).origin
  } catch {
    return url
  }
}

/** The sentence on top: what an administrator wants to know first. */
export type VerdictKey =
  | 'well' | 'coexistence' | 'test' | 'registering' | 'waiting' | 'person' | 'rateLimited' | 'authError' | 'abandoned'
  | 'closed' | 'blocked' | 'limited' | 'lowQuality' | 'attention' | 'wrongWebhook' | 'notLive' | 'unknown'

export interface Verdict {
  tone: Tone
  key: VerdictKey
}

const byState: Record<string, Verdict> = {
  registering: { tone: 'warning', key: 'registering' },
  waiting_for_meta: { tone: 'warning', key: 'waiting' },
  needs_admin: { tone: 'bad', key: 'person' },
  rate_limited: { tone: 'warning', key: 'rateLimited' },
  auth_error: { tone: 'bad', key: 'authError' },
  abandoned: { tone: 'warning', key: 'abandoned' },
}

export function verdict(h: Health): Verdict {
  const status = h.status ?? ''
  if (['BANNED', 'DELETED', 'MIGRATED', 'DISCONNECTED'].includes(status)) return { tone: 'bad', key: 'closed' }
  const state = byState[h.registration.state]
  if (state) return state
  const can = worst(h)?.can
  if (can === 'BLOCKED') return { tone: 'bad', key: 'blocked' }
  if (h.account_mode === 'SANDBOX') return { tone: 'neutral', key: 'test' }
  if (!isLive(h)) return h.platform_type || status ? { tone: 'warning', key: 'notLive' } : { tone: 'neutral', key: 'unknown' }
  if (status === 'RESTRICTED' || can === 'LIMITED') return { tone: 'warning', key: 'limited' }
  if (h.quality_rating === 'RED' || h.quality_rating === 'YELLOW') return { tone: h.quality_rating === 'RED' ? 'bad' : 'warning', key: 'lowQuality' }
  if (callbackOf(h).state === 'wrong') return { tone: 'warning', key: 'wrongWebhook' }
  if (status && status !== 'CONNECTED') return { tone: 'warning', key: 'attention' }
  return h.is_on_biz_app ? { tone: 'good', key: 'coexistence' } : { tone: 'good', key: 'well' }
}

/** The page of the number in Meta's WhatsApp Manager. */
export function managerLink(h: Pick<Health, 'business_portfolio_id' | 'business_account_id' | 'business_id'> | null): string {
  const portfolio = h?.business_portfolio_id ?? h?.business_id
  if (!portfolio) return 'https://business.facebook.com/'
  const asset = h?.business_portfolio_id && h.business_account_id ? `&asset_id=${encodeURIComponent(h.business_account_id)}` : '&tab=phone-numbers'
  return `https://business.facebook.com/latest/whatsapp_manager/phone_numbers/?business_id=${encodeURIComponent(portfolio)}${asset}`
}

/** Something that Meta or the program noticed. */
export interface Alert {
  severity: 'critical' | 'warning' | 'info'
  type: string
  text: string
  since: string
  expires: string
}

export function alertsOf(h: Pick<Health, 'alerts'>): Alert[] {
  return list(h.alerts)
    .map(object)
    .filter((a) => text(a['alert_status']) !== 'NONE')
    .map((a) => {
      const severity = text(a['alert_severity']).toLowerCase()
      return {
        severity: severity === 'critical' || severity === 'warning' ? severity : 'info',
        type: text(a['alert_type']),
        text: text(a['alert_description']),
        since: text(a['since']),
        expires: text(a['expires_at']),
      }
    })
}

/** Meta writes an offset without its colon, which not every browser reads. */
export function timeOf(value: string | null | undefined): Date | null {
  if (!value) return null
  const at = new Date(value.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'))
  return Number.isNaN(at.getTime()) ? null : at
}
