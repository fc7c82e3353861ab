import { defineStore } from 'pinia'
import { shallowReactive } from 'vue'
import { api } from '@/api/client'
import { ApiError } from '@/api/errors'
import { useDirectory } from '@/data/directory'
import { useEvent, useResync } from '@/realtime/events'
import { merge } from './reduce'
import type { Message } from './types'

/** The messages of one conversation, as far as they were read. */
export interface Thread {
  id: number
  messages: readonly Message[]
  /** The message up to which nothing is missing. What answers brought alone says nothing of what lies before it. */
  upTo: number
  /** The first message of the conversation is among them. */
  whole: boolean
  /** Something may be missing at its end. */
  stale: boolean
  loading: boolean
  error: ApiError | null
}

const keptThreads = 30
const keptMessages = 200
const pageSize = 20
const lastOf = (messages: readonly Message[]) => Math.max(0, ...messages.map((m) => m.id))

/** The threads that were opened last. */
export const useThreads = defineStore('threads', () => {
  const all = shallowReactive(new Map<number, Thread>())
  const directory = useDirectory()
  let open = 0

  const blank = (id: number): Thread => ({ id, messages: [], upTo: 0, whole: false, stale: true, loading: false, error: null })
  const change = (id: number, what: Partial<Thread>) => all.set(id, { ...(all.get(id) ?? blank(id)), ...what })

  function forgetOld(): void {
    for (const [id, t] of all) {
      if (all.size <= keptThreads) break
      if (id !== open) all.delete(id)
      void t
    }
  }

  const get = async (id: number, query: { before?: number; after?: number }): Promise<Message[]> =>
    (await api('get', '/api/v1/accounts/{account_id}/conversations/{conversation_id}/messages', {
      path: { account_id: directory.account, conversation_id: id }, query,
    })).payload

  async function guard(id: number, work: () => Promise<void>): Promise<void> {
    const account = directory.account
    change(id, { loading: true, error: null })
    try {
      await work()
      if (account !== directory.account) all.delete(id)
      else change(id, { loading: false })
    } catch (e) {
      if (account === directory.account) change(id, { loading: false, error: e instanceof ApiError ? e : new ApiError('server', 0, String(e)) })
    }
  }

  /** The newest messages, or what came since the last one before which nothing is missing. */
  async function refresh(id: number): Promise<void> {
    await guard(id, async () => {
      let after = all.get(id)?.upTo ?? 0
      if (!after) {
        const page = await get(id, {})
        change(id, { messages: merge(all.get(id)?.messages ?? [], page), upTo: lastOf(page), whole: page.length < pageSize, stale: false })
        return
      }
      for (let pages = 0; pages < 10; pages++) {
        const page = await get(id, { after })
        after = Math.max(after, lastOf(page))
        change(id, { messages: merge(all.get(id)?.messages ?? [], page), upTo: after })
        if (page.length < 100) return void change(id, { stale: false })
      }
      // Very far behind: begin anew at the end.
      const page = await get(id, {})
      change(id, { messages: page, upTo: lastOf(page), whole: false, stale: false })
    })
  }

  /** Opens a thread: what is held is shown at once, what is missing is read. */
  async function show(id: number): Promise<void> {
    open = id
    const held = all.get(id)
    if (held) {
      // The last one opened is the last to go.
      all.delete(id)
      all.set(id, held.messages.length > keptMessages ? { ...held, messages: held.messages.slice(-keptMessages), whole: false } : held)
    }
    forgetOld()
    if (!held || held.stale || held.error) await refresh(id)
  }

  /** Reads a thread that is likely opened next. */
  async function prefetch(id: number): Promise<void> {
    if (!all.has(id)) await refresh(id)
  }

  /** The page before the first that is held. */
  async function earlier(id: number): Promise<void> {
    const t = all.get(id)
    const first = t?.messages[0]?.id
    if (!t || t.loading || t.whole || !first) return
    await guard(id, async () => {
      const page = await get(id, { before: first })
      change(id, { messages: merge(all.get(id)?.messages ?? [], page), whole: page.length < pageSize })
    })
  }

  /** Reads back until a message is there; tells whether it is. */
  async function reach(id: number, message: number): Promise<boolean> {
    for (let pages = 0; pages < 100; pages++) {
      const t = all.get(id)
      if (t?.messages.some((m) => m.id === message)) return true
      if (!t || t.whole || t.error || (t.messages[0]?.id ?? 0) < message) return false
      await earlier(id)
    }
    return false
  }

  /** Takes messages that answers or frames brought. */
  function take(id: number, messages: readonly Message[]): void {
    const t = all.get(id)
    if (t) change(id, { messages: merge(t.messages, messages) })
  }

  /** Takes a message as it was when it was made: whoever is known already may have become more since. */
  function add(id: number, message: Message): void {
    if (!all.get(id)?.messages.some((m) => m.id === message.id)) take(id, [message])
  }

  const mine = (data: unknown) => (data as { account_id?: number }).account_id === directory.account
  useEvent(['message.created', 'message.updated'], (m, name) => {
    if (!mine(m)) return
    const t = all.get(m.conversation_id)
    if (!t) return
    if (name === 'message.created') {
      add(t.id, m)
      // After a gap only a reading closes it.
      if (!t.stale) change(t.id, { upTo: Math.max(t.upTo, m.id) })
      return
    }
    // News of what was never read change nothing here; those of a new message may come before it.
    if (m.id > (t.messages.at(-1)?.id ?? Infinity) || t.messages.some((x) => x.id === m.id)) take(t.id, [m])
  })
  useResync(() => {
    for (const id of all.keys()) change(id, { stale: true })
    if (open) void refresh(open)
  })

  function close(): void {
    open = 0
  }
  function clear(): void {
    all.clear()
    open = 0
  }

  return { all, show, close, prefetch, refresh, earlier, reach, take, add, clear }
})
