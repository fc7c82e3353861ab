import { defineStore } from 'pinia'
import { computed, shallowReactive } from 'vue'
import { api } from '@/api/client'
import { ApiError } from '@/api/errors'
import { upload } from '@/api/upload'
import { useDirectory } from '@/data/directory'
import { useIdentity } from '@/data/identity'
import { onEvent } from '@/realtime/events'
import { openDesk } from './db'
import { useThreads } from './threads'
import type { Message } from './types'

/** A message on its way. It is on disk before it is shown, and gone when the server has it. */
export interface OutboxItem {
  /** Also what the server answers with: sending it twice stores it once. */
  echoId: string
  accountId: number
  conversationId: number
  at: number
  content: string
  private: boolean
  replyTo: number | null
  files: File[]
  /** A template of the provider instead of free text. */
  template?: Record<string, unknown>
  cc?: string
  bcc?: string
  to?: string
  /** queued: not sent yet; failed: refused, and the reason. */
  state: 'queued' | 'failed'
  reason?: string
}

export type Sending = Omit<OutboxItem, 'echoId' | 'at' | 'state' | 'reason'>

const longest = 30_000
/** Older than a day, an item waits until its author says that it is still meant. */
const old = 24 * 3_600_000

/** Messages of this browser that the server does not have yet, in order within a conversation. */
export const useOutbox = defineStore('outbox', () => {
  const items = shallowReactive(new Map<string, OutboxItem>())
  /** How far the files of an item are, 0 to 1. */
  const progress = shallowReactive(new Map<string, number>())
  const sending = shallowReactive(new Set<string>())
  const identity = useIdentity()
  const threads = useThreads()
  const directory = useDirectory()
  const aborts = new Map<string, AbortController>()
  let user = 0
  let channel: BroadcastChannel | null = null
  let failures = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  const running = new Set<string>()
  const asked = new Set<string>()

  const size = computed(() => items.size)
  const of = (conversation: number) =>
    [...items.values()].filter((i) => i.accountId === directory.account && i.conversationId === conversation).sort((a, b) => a.at - b.at)

  /** What is being written to the disk, and the readings meanwhile: those know it less well than the memory does. */
  const writing = new Set<string>()
  const readings = new Set<Set<string>>()

  async function store(item: OutboxItem | string): Promise<void> {
    const id = typeof item === 'string' ? item : item.echoId
    if (typeof item === 'string') items.delete(id)
    else items.set(id, item)
    writing.add(id)
    for (const r of readings) r.add(id)
    try {
      const db = await openDesk(user)
      if (typeof item === 'string') await db.delete('outbox', id)
      else await db.put('outbox', item)
    } catch {
      // no storage: it lives as long as the page
    } finally {
      writing.delete(id)
    }
    channel?.postMessage(null)
  }

  /** What other tabs put there or sent meanwhile. */
  async function read(): Promise<void> {
    const own = new Set(writing)
    readings.add(own)
    try {
      const stored = await (await openDesk(user)).getAll('outbox')
      const ids = new Set(stored.map((i) => i.echoId))
      for (const id of [...items.keys()]) if (!ids.has(id) && !own.has(id)) items.delete(id)
      for (const i of stored) if (!own.has(i.echoId)) items.set(i.echoId, i)
    } catch {
      // as above
    } finally {
      readings.delete(own)
    }
  }

  async function open(): Promise<void> {
    const id = identity.user?.id ?? 0
    if (!id || id === user) return
    user = id
    channel = new BroadcastChannel(`tributary-outbox-${id}`)
    channel.onmessage = () => void read()
    await read()
    for (const i of items.values()) {
      if (i.state === 'queued' && Date.now() - i.at > old) await store({ ...i, state: 'failed', reason: 'old' })
    }
    void pump()
  }

  /** Two messages of one millisecond have an order, too. */
  const later = () => Math.max(Date.now(), ...[...items.values()].map((i) => i.at + 1))

  async function send(s: Sending): Promise<string> {
    const item: OutboxItem = { ...s, echoId: crypto.randomUUID(), at: later(), state: 'queued' }
    const stored = store(item)
    void stored.then(pump)
    return item.echoId
  }

  const retry = async (echoId: string) => {
    const i = items.get(echoId)
    if (!i) return
    const again: OutboxItem = { ...i, state: 'queued' }
    delete again.reason
    await store(again)
    void pump()
  }

  async function cancel(echoId: string): Promise<void> {
    aborts.get(echoId)?.abort()
    await store(echoId)
  }

  function post(i: OutboxItem): Promise<Message> {
    const path = { account_id: i.accountId, conversation_id: i.conversationId }
    if (i.files.length === 0) {
      return api('post', '/api/v1/accounts/{account_id}/conversations/{conversation_id}/messages', {
        path,
        body: {
          content: i.content, private: i.private, echo_id: i.echoId, message_type: 'outgoing',
          ...(i.replyTo ? { content_attributes: { in_reply_to: i.replyTo } } : {}),
          ...(i.template ? { template_params: i.template } : {}),
          ...(i.to ? { to_emails: i.to } : {}), ...(i.cc ? { cc_emails: i.cc } : {}), ...(i.bcc ? { bcc_emails: i.bcc } : {}),
        },
      })
    }
    const form = new FormData()
    form.append('content', i.content)
    form.append('private', String(i.private))
    form.append('echo_id', i.echoId)
    form.append('message_type', 'outgoing')
    if (i.replyTo) form.append('content_attributes', JSON.stringify({ in_reply_to: i.replyTo }))
    for (const [name, value] of [['to_emails', i.to], ['cc_emails', i.cc], ['bcc_emails', i.bcc]] as const) if (value) form.append(name, value)
    for (const f of i.files) form.append('attachments[]', f, f.name)
    const abort = new AbortController()
    aborts.set(i.echoId, abort)
    const address = `/api/v1/accounts/${i.accountId}/conversations/${i.conversationId}/messages`
    return upload<Message>(address, form, (part) => progress.set(i.echoId, part), abort.signal)
  }

  /** The first of each conversation: nothing overtakes it, and what failed holds what follows. */
  function firsts(): Map<string, OutboxItem> {
    const first = new Map<string, OutboxItem>()
    for (const i of [...items.values()].sort((x, y) => x.at - y.at)) {
      const key = `${i.accountId} ${i.conversationId}`
      if (!first.has(key)) first.set(key, i)
    }
    return first
  }

  async function attempt(i: OutboxItem): Promise<boolean> {
    sending.add(i.echoId)
    try {
      const message = await post(i)
      // Numbers of conversations are those of an account.
      if (i.accountId === directory.account) threads.add(i.conversationId, message)
      await store(i.echoId)
      failures = 0
      return true
    } catch (e) {
      if (!items.has(i.echoId)) return true // cancelled, or told live that it arrived
      const kind = e instanceof ApiError ? e.kind : 'server'
      // Away, busy or broken: the same again, later; the echo id keeps it from being stored twice.
      if (kind === 'offline' || kind === 'throttled' || kind === 'server') return false
      if (kind === 'signedOut') return false
      await store({ ...i, state: 'failed', reason: e instanceof ApiError ? e.text || e.kind : String(e) })
      return true
    } finally {
      sending.delete(i.echoId)
      progress.delete(i.echoId)
      aborts.delete(i.echoId)
    }
  }

  /** Sends what waits in a conversation, in order. One tab of the browser does so at a time; a long upload holds no other conversation. */
  async function run(key: string): Promise<void> {
    if (running.has(key)) {
      asked.add(key)
      return
    }
    running.add(key)
    let waits = false
    try {
      await navigator.locks.request(`tributary-outbox-${user} ${key}`, async () => {
        await read()
        for (let i = firsts().get(key); i?.state === 'queued'; i = firsts().get(key)) {
          if (await attempt(i)) continue
          failures++
          waits = true
          clearTimeout(timer)
          timer = setTimeout(() => void pump(), Math.min(longest, 1_000 * 2 ** failures) * (0.75 + Math.random() / 2))
          return
        }
      })
    } finally {
      running.delete(key)
    }
    // What came while the lock was given back was seen by nobody.
    if (asked.delete(key) && !waits) await run(key)
  }

  /** Sends what waits anywhere. */
  async function pump(): Promise<void> {
    if (!user) return
    await Promise.all([...firsts()].filter(([, i]) => i.state === 'queued').map(([key]) => run(key)))
  }

  // The live line may tell of a message before the answer to its sending does.
  onEvent('message.created', (m) => {
    const echo = typeof m.echo_id === 'string' ? m.echo_id : ''
    if (items.has(echo)) void store(echo)
  })
  window.addEventListener('online', () => void pump())

  return { items, progress, sending, size, of, open, send, retry, cancel, pump }
})
