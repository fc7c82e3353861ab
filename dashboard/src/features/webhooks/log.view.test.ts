import { mount, flushPromises } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import type { Schema } from '@/api/client'
import { i18n, useTexts } from '@/app/i18n'
import DeliveryLog from './DeliveryLog.vue'
import type { Delivery } from './log'

const webhook: Schema<'Webhook'> = { id: 3, account_id: 1, url: 'https://example.com/hook', secret: 's', subscriptions: [] }
const delivery = (id: number, state: Delivery['state'], of: Partial<Delivery> = {}): Delivery => ({
  id, state, attempts: 1, max_attempts: 10, created_at: '2026-01-31T10:00:00.000Z', delivery: `d-${id}`, duration_ms: 12, error: null, event: 'message_created',
  finished_at: null, next_attempt_at: null, redelivery_of: null, response_status: state === 'delivered' ? 200 : null, ...of,
})

let pages: { list: Delivery[]; cursor: number | null }[]
let asked: string[]

beforeEach(async () => {
  setActivePinia(createPinia())
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  asked = []
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
    asked.push(`${init.method} ${path.replace('/api/v1/accounts/1/webhooks/3/deliveries', '')}`)
    const one = /deliveries\/(\d+)(\/redeliver)?$/.exec(path)
    const page = pages[0] ?? { list: [], cursor: null }
    if (pages.length > 1) pages.shift()
    const body = one
      ? { payload: { delivery: { ...delivery(Number(one[1]), 'failed', { error: 'Timed out' }), payload: { event: 'message_created' } } } }
      : { payload: { deliveries: page.list }, meta: { next_cursor: page.cursor } }
    return Promise.resolve(new Response(JSON.stringify(body), { status: 200 }))
  })
  await useTexts('webhooks')
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

async function log(query = '') {
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/', component: { template: '' } }] })
  await router.push(`/${query}`)
  const w = mount(DeliveryLog, { props: { accountId: 1, webhook }, global: { plugins: [i18n, router] }, attachTo: document.body })
  await flushPromises()
  return { w, router }
}
const rows = (w: Awaited<ReturnType<typeof log>>['w']) => w.findAll('tbody tr').map((r) => r.text())

test('the log is read again while it is looked at, sooner while something is under way', async () => {
  pages = [{ list: [delivery(1, 'pending')], cursor: null }, { list: [delivery(2, 'failed'), delivery(1, 'delivered')], cursor: null }]
  const { w } = await log()
  expect(rows(w)[0]).toContain('Under way')
  await vi.advanceTimersByTimeAsync(2_000)
  await flushPromises()
  expect(rows(w)[0]).toContain('Failed')
  expect(rows(w)[1]).toContain('Delivered')
  const before = asked.length
  await vi.advanceTimersByTimeAsync(5_000)
  expect(asked.length).toBe(before)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(asked.length).toBe(before + 1)
  const hidden = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden')
  await vi.advanceTimersByTimeAsync(30_000)
  expect(asked.length).toBe(before + 1)
  hidden.mockRestore()
  w.unmount()
  await vi.advanceTimersByTimeAsync(30_000)
  expect(asked.length).toBe(before + 1)
})

test('older ones are read on demand, and states by the address', async () => {
  pages = [{ list: [delivery(9, 'failed')], cursor: 9 }, { list: [delivery(4, 'failed')], cursor: null }]
  const { w, router } = await log('?state=failed')
  await w.findAll('button').find((b) => b.text() === 'Show older ones')?.trigger('click')
  await flushPromises()
  expect(asked).toEqual(['GET ?state=failed', 'GET ?cursor=9&state=failed'])
  expect(rows(w)).toHaveLength(2)
  expect(w.text()).not.toContain('Show older ones')
  pages = [{ list: [], cursor: null }]
  await router.push('/?state=pending')
  await flushPromises()
  expect(asked.at(-1)).toBe('GET ?state=pending')
  expect(w.text()).toContain('There is no such delivery')
  w.unmount()
})

test('one is opened and delivered again', async () => {
  pages = [{ list: [delivery(5, 'failed')], cursor: null }]
  const { w } = await log()
  await w.get('tbody button').trigger('click')
  await flushPromises()
  expect(w.get('dialog').text()).toContain('Timed out')
  expect(w.get('pre').text()).toContain('"message_created"')
  await w.findAll('dialog button').find((b) => b.text() === 'Deliver again')?.trigger('click')
  await flushPromises()
  expect(asked).toContain('POST /5/redeliver')
  expect(w.find('dialog').exists()).toBe(false)
  w.unmount()
})
