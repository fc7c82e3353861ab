import { expect, test } from 'vitest'
import { amount, bytes, distance, duration, numberOf, pageOf, pretty, range, sparkline } from './figures'

test('durations are short, in the largest unit that says enough', () => {
  expect([0, 0.48, 7.24, 59, 100, 150, 3600, 8000, 172_800].map((s) => duration(s, 'en'))).toEqual([
    '0 sec', '480 ms', '7.2 sec', '59 sec', '100 sec', '2.5 min', '60 min', '2.2 hr', '2 days',
  ])
})

test('moments are told from now', () => {
  const now = Date.parse('2026-01-02T03:04:05Z')
  expect(distance('2026-01-02T03:00:05Z', now, 'en')).toBe('4 minutes ago')
  expect(distance('2026-01-02T05:04:05Z', now, 'en')).toBe('in 2 hours')
  expect(distance('2026-01-01T03:04:05Z', now, 'en')).toBe('yesterday')
  expect(distance('2026-01-02T03:04:05Z', now, 'en')).toBe('now')
})

test('numbers have few digits', () => {
  expect([0, 0.256, 3.14159, 1234.5].map((n) => amount(n, 'en'))).toEqual(['0', '0.26', '3.14', '1,235'])
  expect([0, 999, 1500, 2_340_000].map((n) => bytes(n, 'en'))).toEqual(['0 byte', '999 byte', '1.5 kB', '2.3 MB'])
})

test('a line has gaps where nothing is known, and lies at the bottom where nothing happens', () => {
  expect(sparkline([0, 5, 10], 100, 20)).toBe('M0 20h0.1L50 10L100 0')
  expect(sparkline([1, null, 1], 100, 20)).toBe('M0 0h0.1M100 0h0.1')
  expect(sparkline([0, 0], 100, 20)).toBe('M0 20h0.1L100 20')
  expect(sparkline([null], 100, 20)).toBe('')
  expect(range([null, 3, 1, null])).toEqual({ low: 1, high: 3, last: 1 })
  expect(range([null])).toBeNull()
})

test('what an address says is read carefully', () => {
  expect([numberOf('12'), numberOf('1e3'), numberOf(['1']), numberOf(undefined)]).toEqual([12, null, null, null])
  expect([pageOf('3'), pageOf('0'), pageOf('x')]).toEqual([3, 1, 1])
  expect(pretty('{"a":[1]}')).toBe('{\n  "a": [\n    1\n  ]\n}')
  expect(pretty('a=1')).toBe('a=1')
})
