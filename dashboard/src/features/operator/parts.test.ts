// @vitest-environment node
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { duration } from './figures'
import { pageOfPart, troubles, valuesOf } from './parts'
import english from './texts/en.json'
import type { Part, Reason } from './types'

const reason = (code: string, values: Record<string, number> = {}, detail: string | null = null): Reason => ({ code, state: 'bad', text: code, values, detail })
const part = (name: Part['name'], state: Part['state'], ...reasons: Reason[]): Part => ({ name, state, scope: 'installation', reasons, figures: {} })

test('what is bad or a warning is trouble; what another process knows is not', () => {
  const list = [part('queue', 'bad'), part('relay', 'warning'), part('edge', 'unknown'), part('database', 'good')]
  expect(troubles(list).map((p) => p.name)).toEqual(['queue', 'relay'])
})

test('a part leads to the page that explains it', () => {
  expect(pageOfPart(part('queue', 'warning', reason('queue_dead')))).toBe('dead-letters')
  expect(pageOfPart(part('queue', 'bad', reason('queue_stalled'), reason('queue_dead')))).toBe('queue')
  expect(pageOfPart(part('database', 'good'))).toBeNull()
})

test('the values of a sentence are written for people', () => {
  expect(valuesOf(reason('jobs_late', { seconds: 400, n: 1234 }, 'mail'), 'en', duration)).toEqual({ age: '6.7 min', n: '1,234', detail: 'mail' })
})

test('every reason that the server gives has its words, and its next step when something is wrong', () => {
  const source = readFileSync(new URL('../../../../operator/overview.go', import.meta.url), 'utf8')
  const said = [...source.matchAll(/say\((\w+), "(\w+)"/g)]
  expect(said.length).toBeGreaterThan(20)
  for (const [, state, code] of said) {
    expect(Object.keys(english.reason), code).toContain(code)
    if (state === 'Bad' || state === 'Warning') expect(Object.keys(english.next), code).toContain(code)
  }
})
