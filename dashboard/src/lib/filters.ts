/**
 * The flat grammar of conditions, as lists of conversations, lists of contacts and
 * automation rules share it. Each condition joins itself to the next; AND binds
 * tighter than OR, and nothing is grouped. Here are its pure parts; `ui/filter` has the editor.
 */

import type { Field, Operator, Source } from './filterFields'

export * from './filterFields'

/** A condition on the wire. */
export interface Condition {
  attribute_key: string
  filter_operator: string
  values: unknown
  query_operator: string | null
  custom_attribute_type?: string
}

/** A condition as it is edited: every value is text. */
export interface Row {
  /** Of the editor alone, so that rows keep their inputs when others go. */
  id: number
  field: string
  operator: Operator
  values: string[]
  /** Of attribute_changed; empty: from whatever, to whatever. */
  from: string[]
  to: string[]
  /** How it is joined to the next row. */
  join: 'and' | 'or'
}

/** What the API calls nobody, no team and no priority in a change. */
export const none = 'nil'

/** Asks for something that is there or not, and for no value. */
export const needsNoValue = (o: Operator): boolean => o === 'is_present' || o === 'is_not_present'

/** Whether a second value may be given, of which one suffices. */
export function takesSeveral(f: Field, o: Operator): boolean {
  if (o === 'contains' || o === 'does_not_contain') return f.kind === 'text' || f.several
  return f.several && (o === 'equal_to' || o === 'not_equal_to' || o === 'starts_with')
}

let rows = 0

/** A row to begin with. */
export function newRow(f: Field | undefined): Row {
  return { id: ++rows, field: f?.id ?? '', operator: f?.operators[0] ?? 'equal_to', values: [], from: [], to: [], join: 'and' }
}

/** A row about another field: the operator stays where it means something. */
export function withField(row: Row, f: Field): Row {
  const operator = f.operators.includes(row.operator) ? row.operator : (f.operators[0] ?? 'equal_to')
  return { ...row, field: f.id, operator, values: [], from: [], to: [] }
}

/** A row with another operator: values stay as far as they fit. */
export function withOperator(row: Row, operator: Operator, f: Field | undefined): Row {
  const dated = (o: Operator) => o === 'days_before'
  if (needsNoValue(operator) || operator === 'attribute_changed' || (f?.kind === 'date' && dated(operator) !== dated(row.operator))) return { ...row, operator, values: [] }
  return { ...row, operator, values: f && !takesSeveral(f, operator) ? row.values.slice(0, 1) : row.values }
}

export type Problem = 'field' | 'operator' | 'value' | 'number' | 'days'

/** What is wrong with a row; null when it can be sent. */
export function problemOf(row: Row, fields: readonly Field[]): Problem | null {
  const f = fields.find((x) => x.id === row.field)
  if (!f) return 'field'
  if (!f.operators.includes(row.operator)) return 'operator'
  if (needsNoValue(row.operator) || row.operator === 'attribute_changed') return null
  const values = row.values.map((v) => v.trim()).filter(Boolean)
  if (values.length === 0) return 'value'
  if (row.operator === 'days_before') return values.every((v) => /^\d{1,5}$/.test(v)) ? null : 'days'
  const whole = f.id === 'display_id'
  if (f.kind === 'number' && !values.every((v) => (whole ? /^\d{1,18}$/ : /^[+-]?\d{1,30}(\.\d{1,30})?$/).test(v))) return 'number'
  return null
}

export const complete = (list: readonly Row[], fields: readonly Field[]): boolean => list.every((r) => problemOf(r, fields) === null)

const ids = new Set<Source | undefined>(['agents', 'inboxes', 'teams', 'campaigns'])

function written(f: Field | undefined, value: string): string | number | boolean | null {
  if (value === none) return null
  if (f?.source === 'booleans' && (value === 'true' || value === 'false')) return value === 'true'
  if ((ids.has(f?.source) || f?.id === 'display_id') && /^\d+$/.test(value)) return Number(value)
  return value
}

/** Conditions as the API takes them, of rows without problems. */
export function writeConditions(list: readonly Row[], fields: readonly Field[]): Condition[] {
  return list.map((row, i) => {
    const f = fields.find((x) => x.id === row.field)
    const values = (of: readonly string[]) => of.map((v) => v.trim()).filter(Boolean).map((v) => written(f, v))
    const changed = { ...(row.from.length ? { from: values(row.from) } : {}), ...(row.to.length ? { to: values(row.to) } : {}) }
    return {
      attribute_key: f?.key ?? row.field,
      filter_operator: row.operator,
      values: row.operator === 'attribute_changed' ? changed : needsNoValue(row.operator) ? [] : values(row.values),
      query_operator: i === list.length - 1 ? null : row.join,
      custom_attribute_type: f?.model ?? '',
    }
  })
}

function texts(values: unknown): string[] {
  if (values === undefined) return []
  // Some clients send what they chose from, not its value alone.
  const one = (v: unknown): string => {
    if (v === null) return none
    if (typeof v === 'object') return 'id' in v ? String(v.id) : ''
    return String(v)
  }
  return (Array.isArray(values) ? values : [values]).map(one).filter(Boolean)
}

/** Rows of what the API gave or an address carries; what is no condition is left out. */
export function readConditions(payload: unknown, fields: readonly Field[]): Row[] {
  if (!Array.isArray(payload)) return []
  return payload
    .filter((c): c is Record<string, unknown> => typeof c === 'object' && c !== null && 'attribute_key' in c)
    .map((c) => {
      const key = String(c.attribute_key)
      const found = fields.find((f) => f.key === key && f.model !== undefined && f.model === c.custom_attribute_type) ?? fields.find((f) => f.key === key)
      const operator = String(c.filter_operator) as Operator
      const changed = operator === 'attribute_changed' && typeof c.values === 'object' ? (c.values as { from?: unknown; to?: unknown } | null) : null
      return {
        id: ++rows,
        field: found?.id ?? key,
        operator,
        values: operator === 'attribute_changed' || needsNoValue(operator) ? [] : texts(c.values ?? undefined),
        from: texts(changed?.from),
        to: texts(changed?.to),
        join: /^or$/i.test(String(c.query_operator)) ? 'or' : 'and',
      }
    })
}

/** The rows that are joined by AND; between such groups is OR. */
export function groupsOf(list: readonly Row[]): Row[][] {
  const groups: Row[][] = []
  let open: Row[] = []
  for (const [i, row] of list.entries()) {
    open.push(row)
    if (row.join === 'or' || i === list.length - 1) {
      groups.push(open)
      open = []
    }
  }
  return groups
}
