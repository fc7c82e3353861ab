import { afterEach, expect, test, vi } from 'vitest'
import { count, replay } from './letters'

afterEach(() => vi.unstubAllGlobals())

/** A server that has so many letters, and replays at most two a call. */
function server(letters: number): { asked: unknown[] } {
  const asked: unknown[] = []
  vi.stubGlobal('fetch', async (_: string, init: RequestInit) => {
    const body = JSON.parse(String(init.body))
    asked.push(body)
    const replayed = body.dry_run ? 0 : Math.min(2, letters)
    const matched = letters
    letters -= replayed
    return new Response(JSON.stringify({ matched, replayed, left: letters, partial: false, before: '2026-01-02T03:04:05Z', dry_run: Boolean(body.dry_run) }), {
      headers: { 'Content-Type': 'application/json' },
    })
  })
  return { asked }
}

test('what was counted is replayed in rounds, and nothing that died since', async () => {
  const { asked } = server(5)
  const match = { channel: 'line', reason: 'no #' }
  const counted = await count(match)
  expect(counted.matched).toBe(5)
  const told: number[] = []
  expect(await replay(match, counted.before, (n) => told.push(n))).toBe(5)
  expect(told).toEqual([2, 4, 5])
  expect(asked[0]).toEqual({ ...match, dry_run: true })
  expect(asked.slice(1)).toEqual(Array(3).fill({ ...match, before: counted.before }))
})

test('a round that replays nothing is the last', async () => {
  server(0)
  expect(await replay({ channel: '', reason: '' }, 'x', () => {})).toBe(0)
})
