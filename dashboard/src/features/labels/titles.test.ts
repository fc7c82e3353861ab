import { expect, test } from 'vitest'
import { colourOk, stored, titleOk } from './titles'

test('titles are as the server takes them', () => {
  expect(stored('  VIP-Kunden ')).toBe('vip-kunden')
  for (const good of ['ab', 'größe', '٣ا', 'a_b-c', 'VIP', '1st']) expect(titleOk(good), good).toBe(true)
  for (const bad of ['', 'a', '-ab', '_ab', 'a b', 'a,b', 'a.b', '😀😀']) expect(titleOk(bad), bad).toBe(false)
})

test('colours are six digits', () => {
  expect(colourOk('#1F93ff')).toBe(true)
  for (const bad of ['', '1f93ff', '#fff', '#1f93fg', 'red']) expect(colourOk(bad), bad).toBe(false)
})
