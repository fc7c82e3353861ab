import { mount } from '@vue/test-utils'
import { createPinia } from 'pinia'
import { expect, test } from 'vitest'
import { i18n } from '@/app/i18n'
import type { CustomAttribute } from '@/data/directory'
import AttributeField from './AttributeField.vue'
import AttributeList from './AttributeList.vue'

const definition = (attribute_key: string, attribute_display_type: string, more: Partial<CustomAttribute> = {}): CustomAttribute => ({
  id: 1,
  attribute_key,
  attribute_display_name: attribute_key,
  attribute_display_type,
  attribute_description: null,
  attribute_model: 'contact_attribute',
  attribute_values: [],
  regex_pattern: null,
  regex_cue: null,
  default_value: null,
  created_at: null,
  updated_at: null,
  ...more,
})
const options = { global: { plugins: [i18n, createPinia()] }, attachTo: document.body }

test('a value is edited in place, checked, and told to who holds it', async () => {
  const field = mount(AttributeField, { ...options, props: { definition: definition('contract', 'text', { regex_pattern: '^C\\d+$', regex_cue: 'C and a number' }), value: 'C1' } })
  await field.get('[aria-label="Edit contract"]').trigger('click')
  const input = field.get('input')
  expect(document.activeElement).toBe(input.element)
  await input.setValue('x')
  await field.get('form').trigger('submit')
  expect(field.get('[role=alert]').text()).toBe('C and a number')
  expect(input.attributes('aria-invalid')).toBe('true')
  await input.setValue('C2')
  await field.get('form').trigger('submit')
  expect(field.emitted('save')).toEqual([['C2']])
  expect(field.find('form').exists()).toBe(false)

  await field.get('[aria-label="Edit contract"]').trigger('click')
  await field.get('input').setValue('')
  await field.get('form').trigger('submit')
  expect(field.emitted('remove')).toHaveLength(1)
})

test('Escape leaves a value as it was', async () => {
  const field = mount(AttributeField, { ...options, props: { definition: definition('seats', 'number'), value: 3 } })
  await field.get('[aria-label="Edit seats"]').trigger('click')
  await field.get('input').setValue('4')
  await field.get('form').trigger('keydown', { key: 'Escape' })
  expect(field.emitted('save')).toBeUndefined()
  expect(field.text()).toContain('3')
})

test('a checkbox is stored at once; a link that is none is no link', async () => {
  const box = mount(AttributeField, { ...options, props: { definition: definition('vip', 'checkbox'), value: false } })
  await box.get('input').setValue(true)
  expect(box.emitted('save')).toEqual([[true]])
  const link = mount(AttributeField, { ...options, props: { definition: definition('site', 'link'), value: 'javascript:alert(1)' } })
  expect(link.find('a').exists()).toBe(false)
})

test('values without a definition are shown, attributes without a value wait behind a button', () => {
  const list = mount(AttributeList, { ...options, props: { definitions: [definition('plan', 'text'), definition('seats', 'number')], values: { plan: 'Pro', imported: 'x' } } })
  expect(list.text()).toContain('Pro')
  expect(list.text()).toContain('imported')
  expect(list.find('[aria-label="Edit seats"]').exists()).toBe(false)
  expect(list.text()).toContain('Add an attribute')
})
