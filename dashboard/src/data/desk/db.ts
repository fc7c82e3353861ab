import { openDB, type DBSchema, type IDBPDatabase } from 'idb'
import type { Draft } from './drafts'
import type { OutboxItem } from './outbox'

/** What this browser keeps of a user: what is not sent yet and what is begun. Gone when they sign out. */
interface Desk extends DBSchema {
  outbox: { key: string; value: OutboxItem }
  drafts: { key: string; value: Draft }
}

let opened: Promise<IDBPDatabase<Desk>> | null = null
let of = 0

const nameOf = (user: number) => `tributary-${user}`

export function openDesk(user: number): Promise<IDBPDatabase<Desk>> {
  if (opened && of === user) return opened
  of = user
  opened = openDB<Desk>(nameOf(user), 1, {
    upgrade(db) {
      db.createObjectStore('outbox', { keyPath: 'echoId' })
      db.createObjectStore('drafts', { keyPath: 'key' })
    },
    // Another tab has a newer version of the page, or clears everything: it goes first.
    blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
  })
  return opened
}

/** Forgets everything of a user. */
export async function clearDesk(user: number): Promise<void> {
  const db = opened
  opened = null
  if (db) (await db).close()
  await new Promise<void>((resolve) => {
    const request = indexedDB.deleteDatabase(nameOf(user))
    request.onsuccess = request.onerror = request.onblocked = () => resolve()
  })
}
