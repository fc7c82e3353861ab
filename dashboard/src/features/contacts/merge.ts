import type { Contact } from './calls'

type Values = Record<string, unknown>

/** A value that the merge ignores on either side. */
export function isBlank(value: unknown): boolean {
  return value === null || value === undefined || value === '' || (isObject(value) && Object.keys(value).length === 0)
}

function isObject(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

// The base wins per key, and deep; a key that the base has with an empty text is the base's.
function deep(base: Values, other: Values): Values {
  const out: Values = { ...other }
  for (const [key, value] of Object.entries(base)) {
    const theirs = out[key]
    out[key] = isObject(value) && isObject(theirs) ? deep(value, theirs) : value
  }
  return out
}

export interface Line {
  /** The name of a field, or the path of an attribute ("additional_attributes.city"). */
  field: string
  base: unknown
  other: unknown
  result: unknown
  /** The other one's value is nowhere afterwards. */
  lost: boolean
}

const fields = ['name', 'email', 'phone_number', 'identifier'] as const

function leaves(values: Values, path: string): Map<string, unknown> {
  const out = new Map<string, unknown>()
  for (const [key, value] of Object.entries(values)) {
    if (isObject(value) && Object.keys(value).length > 0) for (const [k, v] of leaves(value, `${path}.${key}`)) out.set(k, v)
    else out.set(`${path}.${key}`, value)
  }
  return out
}

// What integrations keep for themselves is nobody's to read.
const hidden = /^additional_attributes\.(avatar_url_hash|last_avatar_sync_at|source_id|.*_ip$|social_[^p].*_id$)/

/** What POST contact_merge makes of two contacts, field by field. */
export function mergeLines(base: Contact, other: Contact): Line[] {
  const lines: Line[] = fields.map((field) => {
    const [b, o] = [base[field], other[field]]
    const result = isBlank(b) ? o : b
    return { field, base: b, other: o, result, lost: !isBlank(o) && result !== o }
  })
  for (const field of ['additional_attributes', 'custom_attributes'] as const) {
    const before = leaves(base[field], field)
    const theirs = leaves(other[field], field)
    const after = leaves(deep(base[field], other[field]), field)
    for (const key of new Set([...before.keys(), ...theirs.keys()])) {
      if (hidden.test(key)) continue
      const [b, o, result] = [before.get(key), theirs.get(key), after.get(key)]
      if (isBlank(b) && isBlank(o)) continue
      lines.push({ field: key, base: b, other: o, result, lost: !isBlank(o) && JSON.stringify(result) !== JSON.stringify(o) })
    }
  }
  return lines.filter((l) => !isBlank(l.base) || !isBlank(l.other))
}
