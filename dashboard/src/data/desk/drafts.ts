import { defineStore } from 'pinia'
import { reactive } from 'vue'
import { useIdentity } from '@/data/identity'
import { openDesk } from './db'

export type Mode = 'reply' | 'note'

/** What somebody began to write. It carries its conversation from the first key press. */
export interface Draft {
  key: string
  accountId: number
  conversationId: number
  mode: Mode
  text: string
  replyTo: number | null
  files: File[]
  /** Addresses with commas, in mail inboxes, where they differ from what is proposed. */
  to?: string
  cc?: string
  bcc?: string
  at: number
}

export const draftKey = (account: number, conversation: number, mode: Mode) => `${account} ${conversation} ${mode}`

/** Milliseconds after the last key press until a draft is on disk. */
const pause = 300

/** Drafts of this browser, by conversation and mode. */
export const useDrafts = defineStore('drafts', () => {
  const all = reactive(new Map<string, Draft>())
  const timers = new Map<string, ReturnType<typeof setTimeout>>()
  const identity = useIdentity()
  let user = 0

  async function load(): Promise<void> {
    const id = identity.user?.id ?? 0
    if (!id || id === user) return
    user = id
    try {
      const db = await openDesk(id)
      for (const d of await db.getAll('drafts')) if (!all.has(d.key)) all.set(d.key, d)
    } catch {
      // no storage (a private window): drafts live as long as the page
    }
  }

  async function write(key: string): Promise<void> {
    timers.delete(key)
    try {
      const db = await openDesk(user)
      const d = all.get(key)
      if (d) await db.put('drafts', { ...d, files: [...d.files] })
      else await db.delete('drafts', key)
    } catch {
      // as above
    }
  }

  const isEmpty = (d: Draft) => d.text.trim() === '' && d.files.length === 0 && d.replyTo === null

  function set(d: Omit<Draft, 'key' | 'at'>): void {
    const key = draftKey(d.accountId, d.conversationId, d.mode)
    const draft = { ...d, key, at: Date.now() }
    if (isEmpty(draft)) all.delete(key)
    else all.set(key, draft)
    clearTimeout(timers.get(key))
    timers.set(key, setTimeout(() => void write(key), pause))
  }

  function drop(account: number, conversation: number, mode: Mode): void {
    const key = draftKey(account, conversation, mode)
    all.delete(key)
    clearTimeout(timers.get(key))
    void write(key)
  }

  const get = (account: number, conversation: number, mode: Mode) => all.get(draftKey(account, conversation, mode))
  const has = (account: number, conversation: number) => all.has(draftKey(account, conversation, 'reply')) || all.has(draftKey(account, conversation, 'note'))

  // A page that is closed writes what is not written yet.
  window.addEventListener('pagehide', () => {
    for (const [key, timer] of timers) {
      clearTimeout(timer)
      void write(key)
    }
  })

  return { all, load, set, get, has, drop }
})
