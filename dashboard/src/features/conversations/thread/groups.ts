import type { Message } from '@/data/desk/types'
import { activity } from '@/data/desk/types'

/** What a thread shows, in order. */
export type Entry =
  | { kind: 'day'; key: string; at: number }
  | { kind: 'unread'; key: string }
  | { kind: 'message'; key: string; message: Message; first: boolean; last: boolean }
  | { kind: 'activity'; key: string; messages: Message[] }

/** Messages of one author follow each other within this many seconds. */
const together = 300
/** From this many on, activity notes in a row are folded. */
export const folded = 3

const author = (m: Message) => `${m.message_type} ${m.private} ${(m.sender as { id?: number; type?: string } | undefined)?.type} ${(m.sender as { id?: number } | undefined)?.id}`
const day = (m: Message) => new Date(m.created_at * 1000).setHours(0, 0, 0, 0)

/** Puts days, a line at the first unread message, and runs of activity notes between messages. */
export function entriesOf(messages: readonly Message[], firstUnread: number | null): Entry[] {
  const out: Entry[] = []
  messages.forEach((m, i) => {
    const before = messages[i - 1]
    const after = messages[i + 1]
    if (!before || day(before) !== day(m)) out.push({ kind: 'day', key: `d${day(m)}`, at: day(m) })
    if (m.id === firstUnread) out.push({ kind: 'unread', key: 'unread' })
    if (m.message_type === activity) {
      const last = out.at(-1)
      if (last?.kind === 'activity') last.messages.push(m)
      else out.push({ kind: 'activity', key: `a${m.id}`, messages: [m] })
      return
    }
    const joins = (a: Message | undefined, b: Message | undefined) =>
      a !== undefined && b !== undefined && author(a) === author(b) && day(a) === day(b) && b.created_at - a.created_at < together
    out.push({ kind: 'message', key: `m${m.id}`, message: m, first: !joins(before, m) || m.id === firstUnread, last: !joins(m, after) })
  })
  return out
}

/** How far a message came; channels without receipts stop at the provider's taking it. */
export function tickOf(m: Message): 'server' | 'provider' | 'delivered' | 'read' | 'failed' {
  if (m.status === 'failed' || m.status === 'read' || m.status === 'delivered') return m.status
  return m.source_id ? 'provider' : 'server'
}
