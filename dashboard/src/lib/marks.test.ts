import { expect, test } from 'vitest'
import { excerpt, marked } from './marks'

test('hits are cut out, whatever their case and whatever signs they hold', () => {
  expect(marked('Ana and ANA', 'ana')).toEqual([
    { text: 'Ana', hit: true },
    { text: ' and ', hit: false },
    { text: 'ANA', hit: true },
  ])
  expect(marked('a+b (c)', ' +b (')).toEqual([
    { text: 'a', hit: false },
    { text: '+b (', hit: true },
    { text: 'c)', hit: false },
  ])
  expect(marked('text', '')).toEqual([{ text: 'text', hit: false }])
})

test('of a long text the part around the hit is shown', () => {
  const long = `${'word '.repeat(100)}needle ${'word '.repeat(100)}`
  const part = excerpt(long, 'NEEDLE', 60)
  expect(part).toContain('needle')
  expect(part).toMatch(/^… .* …$/)
  expect(part.length).toBeLessThan(70)
  expect(excerpt('short\n text', 'x')).toBe('short text')
})
