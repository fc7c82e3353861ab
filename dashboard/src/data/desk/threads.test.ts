import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { useDirectory } from '@/data/directory'
import { tell } from '@/realtime/events'
import { useThreads } from './threads'
import type { Message } from './types'

const message = (id: number, more: Partial<Message> = {}): Message => ({
  id, account_id: 1, content: `m${id}`, content_attributes: {}, content_type: 'text', conversation_id: 7, created_at: 1_700_000_000 + id, inbox_id: 1,
  message_type: 1, private: false, source_id: null, status: 'sent', ...more,
}) as Message

beforeEach(async () => {
  setActivePinia(createPinia())
  useDirectory().account = 1
  vi.stubGlobal('fetch', () => Promise.resolve(Response.json({ payload: [message(1)] })))
  await useThreads().show(7)
})
afterEach(() => vi.unstubAllGlobals())

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
