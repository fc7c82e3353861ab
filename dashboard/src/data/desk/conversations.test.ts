import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { useDirectory } from '@/data/directory'
import { tell } from '@/realtime/events'
import { useConversations } from './conversations'

let asked: string[]

beforeEach(() => {
  vi.useFakeTimers()
  setActivePinia(createPinia())
  useDirectory().account = 1
  asked = []
  vi.stubGlobal('fetch', (path: string) => {
    asked.push(path)
    return Promise.resolve(Response.json({ id: Number(path.split('/').at(-1)), inbox_id: 1, status: 'open', labels: [], meta: { sender: { id: 1, name: 'Ann' } }, updated_at: 1 }))
  })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const message = (conversation_id: number) => tell('message.created', { id: conversation_id * 10, account_id: 1, conversation_id, message_type: 0, created_at: 1, content: 'x', content_attributes: {} })

test('a conversation that only a message told of is read once', async () => {
  const conversations = useConversations()
  for (let i = 0; i < 20; i++) message(7)
  await vi.advanceTimersByTimeAsync(2_000)
  expect(asked).toEqual(['/api/v1/accounts/1/conversations/7'])
  expect(conversations.all.get(7)?.contact.name).toBe('Ann')
})

test('a storm of messages is no storm of calls: lists are told instead', async () => {
  const conversations = useConversations()
  const missed = vi.fn()
  conversations.onMissed(missed)
  for (let i = 1; i <= 500; i++) message(i)
  await vi.advanceTimersByTimeAsync(2_000)
  expect(asked).toEqual([])
  expect(missed).toHaveBeenCalledTimes(1)
})

test('messages of other accounts are nobody’s here', async () => {
  useConversations()
  tell('message.created', { id: 1, account_id: 2, conversation_id: 3, message_type: 0 })
  await vi.advanceTimersByTimeAsync(2_000)
  expect(asked).toEqual([])
})
