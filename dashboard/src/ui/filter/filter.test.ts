import { mount, type VueWrapper } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, expect, test } from 'vitest'
import { nextTick } from 'vue'
import { i18n, useTexts } from '@/app/i18n'
import { useDirectory, type CustomAttribute, type Inbox } from '@/data/directory'
import { newRow, readConditions, ruleFields, writeConditions, type Row } from '@/lib/filters'
import { useFilterWords } from './choices'
import FilterRows from './FilterRows.vue'

const attributes = [
  { attribute_key: 'tier', attribute_display_name: 'Tier', attribute_display_type: 'list', attribute_model: 'contact_attribute', attribute_values: ['gold'] },
] as unknown as CustomAttribute[]
const fields = ruleFields(attributes, 'conversation_updated')

beforeEach(async () => {
  setActivePinia(createPinia())
  const directory = useDirectory()
  directory.inboxes = [{ id: 4, name: 'Shop' }] as Inbox[]
  await useTexts('filter')
})

/** The editor with rows that it changes itself. */
function editor(rows: Row[], check = false): VueWrapper {
  const w: VueWrapper = mount(FilterRows, {
    props: { modelValue: rows, fields, check, 'onUpdate:modelValue': (modelValue: Row[]) => void w.setProps({ modelValue }) },
    global: { plugins: [i18n] },
    attachTo: document.body,
  })
  return w
}
const rowsOf = (w: VueWrapper) => w.props('modelValue' as never) as unknown as Row[]
const sent = (w: VueWrapper) => writeConditions(rowsOf(w), fields)

test('a condition is written', async () => {
  const w = editor([newRow(fields[0])])
  await w.get('[aria-label="What condition 1 is about"]').setValue('content')
  await w.get('[aria-label="How condition 1 compares"]').setValue('contains')
  expect(w.text()).not.toContain('or another value')
  await w.get('[aria-label="Value of condition 1"]').setValue('refund')
  await w.findAll('button').find((b) => b.text() === 'or another value')?.trigger('click')
  await w.get('[aria-label="Value 2 of condition 1"]').setValue('money back')
  expect(sent(w)).toEqual([{ attribute_key: 'content', filter_operator: 'contains', values: ['refund', 'money back'], query_operator: null, custom_attribute_type: '' }])
  await w.get('[aria-label="How condition 1 compares"]').setValue('equal_to')
  await w.get('[aria-label="What condition 1 is about"]').setValue('labels')
  await w.get('[aria-label="How condition 1 compares"]').setValue('is_present')
  expect(w.find('[aria-label^="Value of condition 1"]').exists()).toBe(false)
})

test('conditions are joined, and new ones as the last ones were', async () => {
  const w = editor([newRow(fields[0]), newRow(fields[0])])
  expect(w.text()).not.toContain('binds tighter')
  await w.get('[aria-label="How condition 1 is joined to the next one"]').setValue('or')
  await w.get('[data-filter-add]').trigger('click')
  await nextTick()
  expect(rowsOf(w).map((r) => r.join)).toEqual(['or', 'or', 'and'])
  expect(document.activeElement?.getAttribute('aria-label')).toBe('What condition 3 is about')
  await w.get('[aria-label="How condition 2 is joined to the next one"]').setValue('and')
  expect(w.text()).toContain('binds tighter')
  await w.get('[aria-label="Remove condition 1"]').trigger('click')
  expect(rowsOf(w)).toHaveLength(2)
  expect(document.activeElement?.hasAttribute('data-filter-add')).toBe(true)
})

test('what is wrong is said when it is asked for', async () => {
  const rows = readConditions([{ attribute_key: 'gone', filter_operator: 'equal_to', values: ['x'] }, { attribute_key: 'content', filter_operator: 'contains', values: [] }], fields)
  const w = editor(rows)
  expect(w.text()).not.toContain('Give a value.')
  await w.setProps({ check: true } as never)
  expect(w.text()).toContain('not there any more. Choose something else.')
  expect(w.text()).toContain('Give a value.')
})

test('conditions are said in words', () => {
  let words: ReturnType<typeof useFilterWords> | undefined
  mount({ setup: () => ((words = useFilterWords()), () => null) }, { global: { plugins: [i18n] } })
  const say = (key: string, operator: string, values: unknown, model = '') =>
    words?.sentence(readConditions([{ attribute_key: key, filter_operator: operator, values, custom_attribute_type: model }], fields)[0]!, fields)
  expect(say('inbox_id', 'equal_to', [4, 9])).toBe('Inbox is Shop or 9 (not there any more)')
  expect(say('tier', 'not_equal_to', ['gold'], 'contact_attribute')).toBe('Tier is not gold')
  expect(say('country_code', 'equal_to', ['DE'])).toBe('Country is Germany')
  expect(say('status', 'attribute_changed', { from: ['open'], to: ['resolved', 'snoozed'] })).toBe('Status changes from Open to Resolved or Snoozed')
  expect(say('assignee_id', 'attribute_changed', { to: [null] })).toBe('Assigned agent changes to None')
  expect(say('content', 'contains', ['a', 'b'])).toBe('Text of the message contains “a” or “b”')
  expect(say('labels', 'is_not_present', [])).toBe('Label is not set')
})
