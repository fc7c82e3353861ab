import { expect, test } from 'vitest'
import { patternText, regexOf, storedPattern } from './patterns'

test('patterns are stored between slashes', () => {
  expect(storedPattern('')).toBeNull()
  expect(storedPattern('^\\d+$')).toBe('/^\\d+$/')
  expect(patternText(storedPattern('a/b'))).toBe('a/b')
  expect(patternText('^old$')).toBe('^old$')
  expect(patternText(null)).toBe('')
  expect(() => storedPattern('(')).toThrow()
})

test('what is stored is compared with', () => {
  expect(regexOf('/^[a-z]+$/i')?.test('ABC')).toBe(true)
  expect(regexOf('^[a-z]+$')?.test('ABC')).toBe(false)
  const g = regexOf('/a/g')
  expect([g?.test('a'), g?.test('a')]).toEqual([true, true])
  expect(regexOf('/(/')).toBeNull()
  expect(regexOf(null)).toBeNull()
})
