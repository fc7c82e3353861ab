import { defineStore } from 'pinia'
import { shallowReactive } from 'vue'
import { api } from '@/api/client'
import { ApiError } from '@/api/errors'
import { useDirectory } from '@/data/directory'
import { onEvent, useEvent } from '@/realtime/events'
import { conversationOf, newer, withMessage } from './reduce'
import type { Conversation } from './types'

type Listener = (c: Conversation, before: Conversation | undefined) => void

/** How long conversations are gathered that only a message told of, in ms. */
const gathering = 1_000
/** More of them at once are not read one by one: lists read their first page instead. */
const fewUnknown = 5

/** Every conversation that a screen has seen, by its number; kept current by what comes live. */
export const useConversations = defineStore('conversations', () => {
  const all = shallowReactive(new Map<number, Conversation>())
  const directory = useDirectory()
  const listeners = new Set<Listener>()
  let account = 0

  /** Forgets what belongs to another account. */
  function enter(id: number): void {
    if (id === account) return
    account = id
    all.clear()
    unknown.clear()
  }

  /** Is told what changed. */
  function listen(f: Listener): () => void {
    listeners.add(f)
    return () => listeners.delete(f)
  }

  function set(c: Conversation): void {
    const before = all.get(c.id)
    if (before === c) return
    all.set(c.id, c)
    for (const f of listeners) f(c, before)
  }

  /** Takes what an answer or a frame says, unless it is older than what is held. */
  function take(raw: unknown): Conversation {
    const next = newer(raw, all.get((raw as { id: number }).id))
    set(next)
    return next
  }

  /** Changes what is shown at once; the returned function takes it back. */
  function patch(id: number, change: Partial<Conversation>): () => void {
    const before = all.get(id)
    if (!before) return () => {}
    const changed = { ...before, ...change }
    set(changed)
    return () => {
      const now = all.get(id)
      if (!now) return
      const undone = { ...now }
      for (const key of Object.keys(change) as (keyof Conversation)[]) {
        // What came meanwhile is newer than both.
        if (now[key] === changed[key]) Object.assign(undone, { [key]: before[key] })
      }
      set(undone)
    }
  }

  const reading = new Map<number, Promise<Conversation>>()

  /** Reads one from the server; several at once read once. */
  function read(id: number): Promise<Conversation> {
    const of = directory.account
    let promise = reading.get(id)
    if (!promise) {
      promise = api('get', '/api/v1/accounts/{account_id}/conversations/{id}', { path: { account_id: of, id } })
        .then((c) => (of === directory.account ? take(c) : conversationOf(c)))
        .finally(() => reading.delete(id))
      reading.set(id, promise)
    }
    return promise
  }

  const unknown = new Set<number>()
  const missed = new Set<() => void>()
  let timer: ReturnType<typeof setTimeout> | undefined

  /** Is told that more conversations moved than are read one by one. */
  function onMissed(f: () => void): () => void {
    missed.add(f)
    return () => missed.delete(f)
  }

  /** A message of a conversation that no screen holds: read soon, and never one call for each message. */
  function learn(id: number): void {
    unknown.add(id)
    timer ??= setTimeout(() => {
      timer = undefined
      const ids = [...unknown].filter((x) => !all.has(x))
      unknown.clear()
      if (ids.length > fewUnknown) for (const f of missed) f()
      else for (const x of ids) void readQuietly(x)
    }, gathering)
  }

  /** Reads one that a screen does not know yet; who may not see it learns nothing. */
  async function readQuietly(id: number): Promise<void> {
    try {
      await read(id)
    } catch (e) {
      if (e instanceof ApiError && e.kind === 'missing') all.delete(id)
    }
  }

  const mine = (data: unknown) => (data as { account_id?: number }).account_id === directory.account
  for (const name of [
    'conversation.created', 'conversation.updated', 'conversation.status_changed', 'conversation.read', 'conversation.contact_changed',
    'assignee.changed', 'team.changed',
  ] as const) {
    onEvent(name, (data) => {
      if (mine(data)) take(data)
    })
  }
  useEvent(['message.created', 'message.updated'], (m, name) => {
    if (!mine(m)) return
    const c = all.get(m.conversation_id)
    if (!c) return name === 'message.created' ? learn(m.conversation_id) : undefined
    if (name === 'message.created') set(withMessage(c, m))
    else if (c.last?.id === m.id) set({ ...c, last: m })
  })
  useEvent('contact.updated', (data) => {
    if (!mine(data)) return
    for (const c of all.values()) {
      if (c.contact.id !== data.id) continue
      const { name, email, phone_number, thumbnail, blocked } = data
      set({ ...c, contact: { ...c.contact, name, email, phone: phone_number, avatar: thumbnail, blocked }, muted: blocked })
    }
  })
  useEvent('presence.update', (data) => {
    if (!mine(data) || !data.contacts) return
    for (const c of all.values()) {
      const online = data.contacts[String(c.contact.id)] !== undefined
      if (online !== c.contact.online) set({ ...c, contact: { ...c.contact, online } })
    }
  })

  return { all, enter, listen, onMissed, take, set, patch, read }
})
