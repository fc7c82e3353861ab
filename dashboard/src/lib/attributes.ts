/** The kinds of custom attributes. */
export type AttributeKind = 'text' | 'number' | 'currency' | 'percent' | 'link' | 'date' | 'list' | 'checkbox'

/** What an editor must know of a definition. */
export interface AttributeRule {
  attribute_display_type: string
  attribute_values: readonly unknown[]
  regex_pattern: string | null
}

export type Parsed = { value: string | number | boolean } | { fault: 'empty' | 'number' | 'link' | 'date' | 'list' | 'pattern' }

/** The kind of a definition; one that is unknown is edited as text. */
export function kindOf(rule: Pick<AttributeRule, 'attribute_display_type'>): AttributeKind {
  const known: readonly string[] = ['number', 'currency', 'percent', 'link', 'date', 'list', 'checkbox']
  return known.includes(rule.attribute_display_type) ? (rule.attribute_display_type as AttributeKind) : 'text'
}

/** A pattern as people wrote it, bare or between slashes; null when it is none. */
export function patternOf(text: string | null): RegExp | null {
  if (!text) return null
  const slashed = /^\/(.*)\/([a-z]*)$/s.exec(text)
  try {
    return slashed ? new RegExp(slashed[1] ?? '', (slashed[2] ?? '').replace(/[gy]/g, '')) : new RegExp(text)
  } catch {
    return null
  }
}

/** A number as people write one: 1,5 and 1.5 are the same. */
function numberOf(text: string): number | null {
  const plain = text.replace(/\s/g, '').replace(',', '.')
  return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(plain) ? Number(plain) : null
}

function isDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text)
}

/** Only addresses that a browser may safely follow are links. */
export function linkOf(value: unknown): string | null {
  return typeof value === 'string' && /^https?:\/\//i.test(value) && URL.canParse(value) ? new URL(value).href : null
}

/** What a field's text means as a value of an attribute. The server takes anything: this is the only check. */
export function parseAttribute(text: string, rule: AttributeRule): Parsed {
  const t = text.trim()
  if (t === '') return { fault: 'empty' }
  switch (kindOf(rule)) {
    case 'number':
    case 'currency':
    case 'percent': {
      const n = numberOf(t)
      return n === null ? { fault: 'number' } : { value: n }
    }
    case 'link': {
      const link = linkOf(t) ?? (/^[^\s/:]+\.[^\s:]+$/.test(t) ? linkOf(`https://${t}`) : null)
      return link ? { value: link } : { fault: 'link' }
    }
    case 'date':
      return isDate(t) ? { value: t } : { fault: 'date' }
    case 'list':
      return rule.attribute_values.some((v) => String(v) === t) ? { value: t } : { fault: 'list' }
    case 'checkbox':
      return { value: t === 'true' }
    default: {
      const pattern = patternOf(rule.regex_pattern)
      return pattern && !pattern.test(t) ? { fault: 'pattern' } : { value: t }
    }
  }
}

/** A stored value as the text of its field. Dates were stored with a time by others. */
export function fieldText(value: unknown, kind: AttributeKind): string {
  if (value === null || value === undefined) return ''
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value as string | number | boolean)
  return kind === 'date' ? text.slice(0, 10) : text
}

/** A stored value as people read it. */
export function shownText(value: unknown, kind: AttributeKind, locale: string): string {
  const text = fieldText(value, kind)
  if (text === '') return ''
  if (kind === 'date') return isDate(text) ? new Date(text).toLocaleDateString(locale, { dateStyle: 'medium', timeZone: 'UTC' }) : text
  const n = Number(text)
  if (Number.isNaN(n)) return text
  if (kind === 'percent') return (n / 100).toLocaleString(locale, { style: 'percent', maximumFractionDigits: 4 })
  return kind === 'number' || kind === 'currency' ? n.toLocaleString(locale, { maximumFractionDigits: 10 }) : text
}

/** Values for which there is no definition: imports and integrations write them. */
export function undefinedKeys(values: Readonly<Record<string, unknown>>, keys: readonly string[]): string[] {
  return Object.keys(values)
    .filter((k) => !keys.includes(k) && values[k] !== null && values[k] !== '')
    .sort()
}
