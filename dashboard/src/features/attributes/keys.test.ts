import { expect, test } from 'vitest'
import { keyFor, keyOk, valuesOf } from './keys'

test('keys are made of names', () => {
  expect(keyFor('Order number')).toBe('order_number')
  expect(keyFor('  Größe (cm)! ')).toBe('gro_e_cm')
  expect(keyFor('Prénom')).toBe('prenom')
  expect(keyFor('住所')).toBe('')
  for (const good of ['a', 'order_number', 'x-1', '住所']) expect(keyOk(good), good).toBe(true)
  for (const bad of ['', 'a b', 'a.b', 'a[0]']) expect(keyOk(bad), bad).toBe(false)
})

test('values of a list', () => {
  expect(valuesOf(' gold \n\nsilver\ngold\n')).toEqual(['gold', 'silver'])
})
