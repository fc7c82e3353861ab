import { createPinia, disposePinia, setActivePinia, type Pinia } from 'pinia'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { useDirectory } from '@/data/directory'
import { tell, tellGap } from '@/realtime/events'
import { useThreads } from './threads'
import type { Message } from './types'

const message = (id: number, more: Partial<Message> = {}): Message => ({
  id, account_id: 1, content: `m${id}`, content_attributes: {}, content_type: 'text', conversation_id: 7, created_at: 1_700_000_000 + id, inbox_id: 1,
  message_type: 1, private: false, source_id: null, status: 'sent', ...more,
}) as Message

let pinia: Pinia
beforeEach(async () => {
  pinia = createPinia()
  setActivePinia(pinia)
  useDirectory().account = 1
  vi.stubGlobal('fetch', () => Promise.resolve(Response.json({ payload: [message(1)] })))
  await useThreads().show(7)
})
afterEach(() => {
  disposePinia(pinia)
  vi.unstubAllGlobals()
})

/** What is asked of the thread, each time after which message; what else is asked is not answered. */
function answering(asked: (string | null)[], answer: () => Response): void {
  vi.stubGlobal('fetch', (path: string) => {
    const url = new URL(path, 'http://x')
    if (!url.pathname.endsWith('/conversations/7/messages')) return new Promise(() => {})
    asked.push(url.searchParams.get('after'))
    return Promise.resolve(answer())
  })
}
const held = (id: number) => useThreads().all.get(7)?.messages.find((m) => m.id === id)

test('the answer to what was sent comes after the news of what became of it', () => {
  tell('message.created', message(2))
  tell('message.updated', message(2, { source_id: 'p2' }))
  tell('message.created', message(3))
  tell('message.updated', message(3, { status: 'failed', content_attributes: { external_error: 'no' } }))
  useThreads().add(7, message(2))
  useThreads().add(7, message(3))
  expect(held(2)?.source_id).toBe('p2')
  expect(held(3)).toMatchObject({ status: 'failed', content_attributes: { external_error: 'no' } })
})

test('news of a message may come before the message', () => {
  tell('message.updated', message(2, { source_id: 'p2', status: 'delivered' }))
  tell('message.created', message(2))
  expect(held(2)).toMatchObject({ source_id: 'p2', status: 'delivered' })
})

test('an update of what lies before what was read changes nothing', async () => {
  vi.stubGlobal('fetch', () => Promise.resolve(Response.json({ payload: [message(5)] })))
  const threads = useThreads()
  threads.clear()
  await threads.show(7)
  tell('message.updated', message(4, { status: 'read' }))
  expect(held(4)).toBeUndefined()
})

test('what a page says of a message does not take its number at the provider away', () => {
  tell('message.created', message(2))
  tell('message.updated', message(2, { source_id: 'p2' }))
  useThreads().take(7, [message(2)])
  expect(held(2)?.source_id).toBe('p2')
})

test('what was sent before the line is back hides nothing that was missed', async () => {
  const asked: (string | null)[] = []
  answering(asked, () => Response.json({ payload: [message(3), message(5)] }))
  tell('message.created', message(2))
  // The outbox is quicker than the line: its answer is newer than what nobody told of.
  useThreads().add(7, message(5))
  tellGap(Date.now())
  await vi.waitFor(() => expect(held(3)).toBeDefined())
  expect(asked).toEqual(['2'])
})

test('a reading that failed is repeated from where it began, whatever came live meanwhile', async () => {
  const asked: (string | null)[] = []
  let fails = true
  answering(asked, () => (fails ? Response.json({ error: 'no' }, { status: 404 }) : Response.json({ payload: [message(2), message(4)] })))
  tellGap(Date.now())
  await vi.waitFor(() => expect(useThreads().all.get(7)?.error).toBeTruthy())
  tell('message.created', message(4))
  fails = false
  await useThreads().show(7)
  expect(held(2)).toBeDefined()
  expect(asked).toEqual(['1', '1'])
})
