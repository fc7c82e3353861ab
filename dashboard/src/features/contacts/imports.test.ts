import { expect, test } from 'vitest'
import { check, fileOf, guess, isUsable } from './imports'

const definitions = [{ attribute_key: 'plan', attribute_display_name: 'Customer plan' }]

test('columns are recognised, and none twice', () => {
  expect(guess(['ID', 'Full name', 'E-Mail', 'Phone number', 'mobile', 'Customer Plan', 'Shoe size', ''], definitions)).toEqual([
    '', 'name', 'email', 'phone_number', '', 'custom:plan', 'custom:Shoe size', '',
  ])
})

test('rows are checked as the server does', () => {
  const table = {
    heads: ['name', 'email', 'phone'],
    rows: [
      ['Ana', 'ana@x.org', '+49 (151) 123'],
      ['Bo', 'no address', '0049 1'],
      ['Cy', '', '+012'],
      ['Di', '', ''],
      ['Ana again', 'ANA@x.org', ''],
    ],
  }
  const mapping = ['name', 'email', 'phone_number']
  expect(check(table, mapping)).toEqual([[], ['email'], ['phone'], ['address'], ['twice']])
  expect(isUsable(mapping)).toBe(true)
  expect(isUsable(['name', '', ''])).toBe(false)
})

test('the file has the names that the server knows', async () => {
  const table = { heads: ['Mail', 'Tel', 'Skip', 'Plan'], rows: [[' a@x.org ', '49 151-1', 'x', 'pro, yearly']] }
  const file = fileOf(table, ['email', 'phone_number', '', 'custom:plan'], 'people.csv')
  expect(file.name).toBe('people.csv')
  expect(await file.text()).toBe('email,phone_number,plan\na@x.org,+49151‑1,"pro, yearly"\n'.replace('‑', ''))
})
