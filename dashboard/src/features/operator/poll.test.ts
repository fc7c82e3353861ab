import { mount } from '@vue/test-utils'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { defineComponent, h } from 'vue'
import { pollEvery, usePoll } from './poll'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

test('a screen looks again while it is seen, and not when it is hidden or gone', async () => {
  expect(pollEvery).toBeGreaterThanOrEqual(5000)
  const seen = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('visible')
  let reads = 0
  const page = mount(
    defineComponent(() => {
      usePoll(async () => ++reads)
      return () => h('p')
    }),
  )
  await vi.advanceTimersByTimeAsync(2 * pollEvery)
  expect(reads).toBe(3)
  seen.mockReturnValue('hidden')
  await vi.advanceTimersByTimeAsync(5 * pollEvery)
  expect(reads).toBe(3)
  seen.mockReturnValue('visible')
  document.dispatchEvent(new Event('visibilitychange'))
  await vi.advanceTimersByTimeAsync(0)
  expect(reads).toBe(4)
  page.unmount()
  await vi.advanceTimersByTimeAsync(5 * pollEvery)
  expect(reads).toBe(4)
})
