import { shownText, type AttributeKind, kindOf } from '@/lib/attributes'
import { timeText } from '@/lib/moments'
import type { Contact } from './calls'

/** How a contact is called where there is one line for it. */
export function nameOf(c: Pick<Contact, 'name' | 'email' | 'phone_number' | 'identifier'>): string {
  return c.name || c.email || c.phone_number || c.identifier || ''
}

const text = (value: unknown) => (typeof value === 'string' ? value : '')

/** The company; imports write it under another name. */
export const companyOf = (c: Pick<Contact, 'additional_attributes'>) => text(c.additional_attributes.company_name) || text(c.additional_attributes.company)

export function placeOf(c: Pick<Contact, 'additional_attributes'>): string {
  return [text(c.additional_attributes.city), text(c.additional_attributes.country)].filter(Boolean).join(', ')
}

/** Columns that every account has beside the name; custom attributes come as "custom:<key>". */
export const columns = ['email', 'phone_number', 'company', 'place', 'identifier', 'last_activity_at', 'created_at'] as const
export type Column = (typeof columns)[number] | `custom:${string}`

/** What a column sorts by, as the API calls it; undefined where it cannot. */
export function sortKey(column: string): string | undefined {
  if (column === 'place') return 'city'
  return ['name', 'email', 'phone_number', 'company', 'last_activity_at', 'created_at'].includes(column) ? column : undefined
}

/** The sort after a heading was chosen: the same one turns round; moments begin with the latest. */
export function nextSort(now: string, key: string): string {
  if (now === key) return `-${key}`
  if (now === `-${key}`) return key
  return key.endsWith('_at') ? `-${key}` : key
}

interface Definition {
  attribute_key: string
  attribute_display_type: string
}

export function cellText(c: Contact, column: string, definitions: readonly Definition[], locale: string): string {
  switch (column) {
    case 'email':
    case 'phone_number':
    case 'identifier':
      return c[column] ?? ''
    case 'company':
      return companyOf(c)
    case 'place':
      return placeOf(c)
    case 'last_activity_at':
    case 'created_at':
      return c[column] ? timeText(c[column], locale) : ''
  }
  const key = column.slice('custom:'.length)
  const found = definitions.find((d) => d.attribute_key === key)
  const kind: AttributeKind = found ? kindOf(found) : 'text'
  return shownText(c.custom_attributes[key], kind, locale.replace('_', '-'))
}

/** A row after an event, whose data lacks what only lists know. */
export function patched(rows: readonly Contact[], data: Partial<Contact> & { id: number }): readonly Contact[] {
  if (!rows.some((r) => r.id === data.id)) return rows
  const known = ['additional_attributes', 'custom_attributes', 'email', 'identifier', 'name', 'phone_number', 'thumbnail', 'blocked', 'last_activity_at', 'availability_status'] as const
  const change = Object.fromEntries(known.filter((k) => data[k] !== undefined).map((k) => [k, data[k]]))
  return rows.map((r) => (r.id === data.id ? { ...r, ...change } : r))
}
