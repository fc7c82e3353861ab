import { expect, test } from 'vitest'
import {
  complete, contactFields, conversationFields, groupsOf, newRow, problemOf, readConditions, ruleFields, takesSeveral, withField, withOperator, writeConditions,
  type Row,
} from './filters'

const attribute = (key: string, type: string, model: string, values: string[] = []) => ({
  attribute_key: key,
  attribute_display_name: `The ${key}`,
  attribute_display_type: type,
  attribute_model: model,
  attribute_values: values,
})
const attributes = [
  attribute('tier', 'list', 'contact_attribute', ['gold', 'silver']),
  attribute('tier', 'number', 'conversation_attribute'),
  attribute('vip', 'checkbox', 'contact_attribute'),
  attribute('due', 'date', 'conversation_attribute'),
]
const row = (of: Partial<Row>): Row => ({ ...newRow(undefined), ...of })
const wire = (key: string, operator: string, values: unknown, join: string | null = null, model = '') => ({
  attribute_key: key,
  filter_operator: operator,
  values,
  query_operator: join,
  custom_attribute_type: model,
})

test('conditions survive being read and written', () => {
  const sent = [
    wire('assignee_id', 'equal_to', [3, 5], 'or'),
    wire('content', 'contains', ['refund', 'money back'], 'and'),
    wire('labels', 'is_present', [], 'and'),
    wire('tier', 'equal_to', ['gold'], 'and', 'contact_attribute'),
    wire('tier', 'is_greater_than', ['2.5'], 'and', 'conversation_attribute'),
    wire('vip', 'equal_to', [true], 'and', 'contact_attribute'),
    wire('status', 'attribute_changed', { from: ['open'], to: ['resolved', 'snoozed'] }, 'and'),
    wire('assignee_id', 'attribute_changed', { from: [null] }, null),
  ]
  const fields = ruleFields(attributes, 'conversation_updated')
  const rows = readConditions(sent, fields)
  expect(writeConditions(rows, fields)).toEqual(sent)
  expect(complete(rows, fields)).toBe(true)
  expect(rows.map((r) => r.field).slice(3, 5)).toEqual(['contact_attribute:tier', 'conversation_attribute:tier'])
})

test('what other clients write is understood', () => {
  const fields = conversationFields(attributes)
  const [a, b, c] = readConditions(
    [wire('status', 'equal_to', 'open', 'OR'), { attribute_key: 'inbox_id', filter_operator: 'equal_to', values: [{ id: 4, name: 'Mail' }] }, wire('gone', 'equal_to', ['x'])],
    fields,
  )
  expect(a).toMatchObject({ values: ['open'], join: 'or' })
  expect(b).toMatchObject({ values: ['4'], join: 'and' })
  expect(problemOf(c!, fields)).toBe('field')
  expect(readConditions({ broken: true }, fields)).toEqual([])
  expect(readConditions([null, 1, {}], fields)).toEqual([])
})

test('what cannot be sent is said', () => {
  const fields = conversationFields(attributes)
  expect(problemOf(row({ field: 'status', operator: 'contains', values: ['open'] }), fields)).toBe('operator')
  expect(problemOf(row({ field: 'status', operator: 'equal_to' }), fields)).toBe('value')
  expect(problemOf(row({ field: 'referer', operator: 'contains', values: ['  '] }), fields)).toBe('value')
  expect(problemOf(row({ field: 'labels', operator: 'is_not_present' }), fields)).toBeNull()
  expect(problemOf(row({ field: 'display_id', operator: 'equal_to', values: ['1.5'] }), fields)).toBe('number')
  expect(problemOf(row({ field: 'conversation_attribute:tier', operator: 'equal_to', values: ['-1.5'] }), fields)).toBeNull()
  expect(problemOf(row({ field: 'conversation_attribute:tier', operator: 'equal_to', values: ['1,5'] }), fields)).toBe('number')
  expect(problemOf(row({ field: 'created_at', operator: 'days_before', values: ['soon'] }), fields)).toBe('days')
  expect(problemOf(row({ field: 'created_at', operator: 'days_before', values: ['7'] }), fields)).toBeNull()
  expect(problemOf(row({ field: 'conversation_attribute:due', operator: 'is_greater_than', values: ['2026-01-31'] }), fields)).toBeNull()
})

test('every place has the fields that the API knows there', () => {
  const keys = (list: { id: string }[]) => list.map((f) => f.id)
  expect(keys(conversationFields(attributes))).toContain('conversation_attribute:due')
  expect(keys(conversationFields(attributes))).not.toContain('contact_attribute:vip')
  expect(keys(contactFields(attributes))).toContain('contact_attribute:vip')
  expect(keys(contactFields(attributes))).not.toContain('status')
  const can = (event: string, id: string) => ruleFields(attributes, event).find((f) => f.id === id)?.operators.includes('attribute_changed')
  expect(can('conversation_updated', 'status')).toBe(true)
  expect(can('conversation_updated', 'content')).toBe(false)
  expect(can('conversation_updated', 'conversation_attribute:due')).toBe(true)
  expect(can('message_created', 'status')).toBe(false)
})

test('a row keeps what fits when its field or operator changes', () => {
  const fields = conversationFields(attributes)
  const of = (id: string) => fields.find((f) => f.id === id)!
  const r = row({ field: 'status', operator: 'not_equal_to', values: ['open', 'pending'] })
  expect(withField(r, of('priority'))).toMatchObject({ field: 'priority', operator: 'not_equal_to', values: [] })
  expect(withField(r, of('created_at'))).toMatchObject({ operator: 'is_greater_than' })
  expect(withOperator(r, 'equal_to', of('status')).values).toEqual(['open', 'pending'])
  expect(withOperator(row({ field: 'labels', values: ['a'] }), 'is_present', of('labels')).values).toEqual([])
  const dated = row({ field: 'created_at', operator: 'is_less_than', values: ['2026-01-01'] })
  expect(withOperator(dated, 'is_greater_than', of('created_at')).values).toEqual(['2026-01-01'])
  expect(withOperator(dated, 'days_before', of('created_at')).values).toEqual([])
  const name = contactFields([]).find((f) => f.id === 'name')!
  expect(takesSeveral(name, 'contains')).toBe(true)
  expect(takesSeveral(name, 'equal_to')).toBe(false)
  expect(withOperator(row({ field: 'name', operator: 'contains', values: ['a', 'b'] }), 'equal_to', name).values).toEqual(['a'])
})

test('AND binds tighter than OR', () => {
  const rows = [row({ join: 'and' }), row({ join: 'or' }), row({ join: 'and' }), row({ join: 'or' })]
  expect(groupsOf(rows)).toEqual([rows.slice(0, 2), rows.slice(2)])
  expect(groupsOf([])).toEqual([])
})
