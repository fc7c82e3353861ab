import { expect, test } from 'vitest'
import { fieldText, linkOf, parseAttribute, patternOf, shownText, undefinedKeys } from './attributes'

const rule = (attribute_display_type: string, more: object = {}) => ({ attribute_display_type, attribute_values: [], regex_pattern: null, ...more })

test('values are read by their kind', () => {
  expect(parseAttribute(' 1,5 ', rule('number'))).toEqual({ value: 1.5 })
  expect(parseAttribute('1 000', rule('currency'))).toEqual({ value: 1000 })
  expect(parseAttribute('1e9', rule('percent'))).toEqual({ fault: 'number' })
  expect(parseAttribute('example.com/a', rule('link'))).toEqual({ value: 'https://example.com/a' })
  expect(parseAttribute('javascript:alert(1)', rule('link'))).toEqual({ fault: 'link' })
  expect(parseAttribute('2024-02-30', rule('date'))).toEqual({ fault: 'date' })
  expect(parseAttribute('2024-02-29', rule('date'))).toEqual({ value: '2024-02-29' })
  expect(parseAttribute('b', rule('list', { attribute_values: ['a', 'b'] }))).toEqual({ value: 'b' })
  expect(parseAttribute('c', rule('list', { attribute_values: ['a', 'b'] }))).toEqual({ fault: 'list' })
  expect(parseAttribute('true', rule('checkbox'))).toEqual({ value: true })
  expect(parseAttribute('  ', rule('text'))).toEqual({ fault: 'empty' })
})

test('a pattern holds for text, bare or between slashes; a broken one holds nobody up', () => {
  for (const regex_pattern of ['^A\\d+$', '/^a\\d+$/i']) {
    expect(parseAttribute('A12', rule('text', { regex_pattern }))).toEqual({ value: 'A12' })
    expect(parseAttribute('12', rule('text', { regex_pattern }))).toEqual({ fault: 'pattern' })
  }
  expect(patternOf('(')).toBeNull()
  expect(parseAttribute('x', rule('text', { regex_pattern: '(' }))).toEqual({ value: 'x' })
})

test('values are shown as people read them', () => {
  expect(shownText(0.5, 'percent', 'en')).toBe('0.5%')
  expect(shownText(1234.5, 'number', 'de')).toBe('1.234,5')
  expect(shownText('2024-03-01T10:00:00.000Z', 'date', 'en')).toBe('Mar 1, 2024')
  expect(shownText({ a: 1 }, 'text', 'en')).toBe('{"a":1}')
  expect(shownText(null, 'text', 'en')).toBe('')
  expect(fieldText('2024-03-01T10:00:00.000Z', 'date')).toBe('2024-03-01')
  expect(linkOf('ftp://x.org')).toBeNull()
  expect(undefinedKeys({ b: 1, a: 'x', plan: 'pro', gone: null }, ['plan'])).toEqual(['a', 'b'])
})
