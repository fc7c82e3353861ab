import 'fake-indexeddb/auto'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { useDirectory } from '@/data/directory'
import { useIdentity } from '@/data/identity'
import { tell } from '@/realtime/events'
import { clearDesk } from './db'
import { useOutbox, type Sending } from './outbox'

// The browser's lock, of one tab.
let chain = Promise.resolve()
Object.defineProperty(navigator, 'locks', {
  value: { request: (_: string, f: () => Promise<void>) => (chain = chain.then(f, f)) },
})

interface Sent {
  url: string
  body: { content?: string; echo_id?: string }
}
let sent: Sent[] = []
let answer: (s: Sent) => Response | Error
let id = 100

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  setActivePinia(createPinia())
  await clearDesk(7)
  useIdentity().set({ id: 7 } as never)
  useDirectory().account = 1
  sent = []
  answer = (s) => Response.json({ id: id++, echo_id: s.body.echo_id, content: s.body.content })
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    const s = { url, body: JSON.parse(String(init.body)) as Sent['body'] }
    sent.push(s)
    const a = answer(s)
    if (a instanceof Error) throw a
    return a
  })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const text = (content: string, conversationId = 1): Sending => ({ accountId: 1, conversationId, content, private: false, replyTo: null, files: [] })
const quiet = async () => {
  for (let i = 0; i < 30; i++) await new Promise((r) => setImmediate(r))
}

test('messages leave in order and are gone when the server has them', async () => {
  const outbox = useOutbox()
  await outbox.open()
  for (const t of ['a', 'b', 'c']) await outbox.send(text(t))
  await quiet()
  expect(sent.map((s) => s.body.content)).toEqual(['a', 'b', 'c'])
  expect(new Set(sent.map((s) => s.body.echo_id)).size).toBe(3)
  expect(outbox.size).toBe(0)
})

test('without a server they wait, and are sent again under the same name', async () => {
  const outbox = useOutbox()
  await outbox.open()
  answer = () => new TypeError('no network')
  await outbox.send(text('a'))
  await outbox.send(text('b'))
  await quiet()
  expect(sent.map((s) => s.body.content)).toEqual(['a'])
  expect(outbox.size).toBe(2)
  // The page is closed and opened again: what waits is on disk.
  setActivePinia(createPinia())
  useIdentity().set({ id: 7 } as never)
  useDirectory().account = 1
  answer = (s) => Response.json({ id: id++, echo_id: s.body.echo_id })
  const again = useOutbox()
  await again.open()
  await quiet()
  expect(sent.map((s) => s.body.content)).toEqual(['a', 'a', 'b'])
  expect(sent[0]!.body.echo_id).toBe(sent[1]!.body.echo_id)
  expect(again.size).toBe(0)
})

test('a refusal holds what follows in its conversation, not in others', async () => {
  const outbox = useOutbox()
  await outbox.open()
  answer = (s) => (s.body.content === 'bad' ? Response.json({ error: 'Validation failed: no' }, { status: 422 }) : Response.json({ id: id++ }))
  await outbox.send(text('bad'))
  await outbox.send(text('after'))
  await outbox.send(text('elsewhere', 2))
  await quiet()
  expect(sent.map((s) => s.body.content)).toEqual(['bad', 'elsewhere'])
  expect(outbox.of(1).map((i) => [i.content, i.state, i.reason])).toEqual([['bad', 'failed', 'Validation failed: no'], ['after', 'queued', undefined]])
  await outbox.cancel(outbox.of(1)[0]!.echoId)
  await outbox.pump()
  await quiet()
  expect(sent.at(-1)!.body.content).toBe('after')
  expect(outbox.size).toBe(0)
})

test('the live line may know before the answer does', async () => {
  const outbox = useOutbox()
  await outbox.open()
  answer = () => new TypeError('the answer was lost')
  const echo = await outbox.send(text('a'))
  await quiet()
  tell('message.created', { id: 1, echo_id: echo, conversation_id: 1 })
  await quiet()
  expect(outbox.size).toBe(0)
})
