import type { Schema } from '@/api/client'

export type Audit = Schema<'Audit'>

export interface Changed {
  name: string
  before: string
  after: string
}

const secret = /secret|token|password|hmac|api_key|private_key/i

function text(name: string, v: unknown): string {
  if (v === null || v === undefined || v === '') return ''
  if (secret.test(name)) return '•••'
  if (typeof v !== 'object') return String(v)
  // Of what holds more, its secrets stay hidden too.
  return JSON.stringify(v, (key, inner: unknown) => (key && secret.test(key) && inner ? '•••' : inner))
}

/** What was changed, from what to what; of what was made or deleted, what it was. */
export function changesOf(a: Audit): Changed[] {
  return Object.entries(a.audited_changes)
    .map(([name, v]) => {
      if (a.action === 'update' && Array.isArray(v)) return { name, before: text(name, v[0]), after: text(name, v[1]) }
      return a.action === 'destroy' ? { name, before: text(name, v), after: '' } : { name, before: '', after: text(name, v) }
    })
    .filter((c) => c.name !== 'account_id' && (c.before !== '' || c.after !== ''))
}

const latest = (v: unknown): unknown => (Array.isArray(v) ? v.at(-1) : v)

/** A value that the entry keeps, the newer one of two. */
export function valueOf(a: Audit, name: string): string {
  const v = latest(a.audited_changes[name])
  return v === null || v === undefined || typeof v === 'object' ? '' : String(v)
}

/** What a record is called, as far as the entry or the record itself says; "" otherwise. */
export function nameOf(a: Audit): string {
  const own = a.auditable as { name?: unknown; available_name?: unknown } | null
  const known = own?.name ?? own?.available_name
  if (typeof known === 'string' && known !== '') return known
  return valueOf(a, 'name') || valueOf(a, 'title') || valueOf(a, 'url')
}

/** What the records of a page are called, where another entry of theirs says it: the newest name counts. */
export function namesIn(page: readonly Audit[]): ReadonlyMap<string, string> {
  const out = new Map<string, string>()
  for (const a of page) {
    const name = nameOf(a)
    if (name && !out.has(keyOf(a))) out.set(keyOf(a), name)
  }
  return out
}

export const keyOf = (a: Audit): string => `${a.auditable_type} ${a.auditable_id}`
