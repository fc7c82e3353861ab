import type { Conversation, Message, Person, Priority, Sender, Status } from './types'
import { activity } from './types'

/** Pure: what comes over the wire becomes what screens hold, in whatever order it comes. */

type Raw = Record<string, unknown>
const object = (v: unknown): Raw => (typeof v === 'object' && v !== null && !Array.isArray(v) ? (v as Raw) : {})
const text = (v: unknown) => (typeof v === 'string' ? v : '')
/** Times are unix seconds in answers, ISO in some live frames. */
export function ms(v: unknown): number {
  if (typeof v === 'number') return v * 1000
  if (typeof v !== 'string' || v === '') return 0
  const t = /^\d+(\.\d+)?$/.test(v) ? Number(v) * 1000 : Date.parse(v)
  return Number.isNaN(t) ? 0 : t
}

function personOf(v: unknown): Person | null {
  const p = object(v)
  if (typeof p.id !== 'number') return null
  return { id: p.id, name: text(p.available_name) || text(p.name), avatar: text(p.avatar_url) || text(p.thumbnail) }
}

function senderOf(v: unknown, before: Sender | undefined): Sender {
  const p = object(v)
  return {
    id: Number(p.id ?? 0),
    name: text(p.name),
    avatar: text(p.thumbnail),
    email: text(p.email) || null,
    phone: text(p.phone_number) || null,
    blocked: p.blocked === true,
    online: 'availability_status' in p ? p.availability_status === 'online' : (before?.online ?? false),
  }
}

/** Reads a conversation, from an answer or a live frame; what a frame does not carry stays as it was. */
export function conversationOf(raw: unknown, before?: Conversation): Conversation {
  const c = object(raw)
  const meta = object(c.meta)
  const sender = senderOf(meta.sender, before?.contact)
  const messages = Array.isArray(c.messages) ? (c.messages as Message[]) : []
  const newest = messages.at(-1) ?? null
  let last = ('last_non_activity_message' in c ? (c.last_non_activity_message as Message | null) : newest) ?? before?.last ?? null
  // A frame carries the newest public message: a note that is held may be newer.
  if (before?.last && (!last || before.last.id > last.id)) last = before.last
  const lastAny = newest && (!before?.lastAny || newest.id >= before.lastAny.id) ? newest : (before?.lastAny ?? last)
  return {
    id: Number(c.id),
    inboxId: Number(c.inbox_id),
    channel: text(meta.channel) || text(c.channel) || (before?.channel ?? ''),
    status: (text(c.status) || 'open') as Status,
    priority: (c.priority ?? null) as Priority,
    labels: Array.isArray(c.labels) ? (c.labels as string[]) : [],
    contact: sender,
    assignee: personOf(meta.assignee),
    teamId: typeof object(meta.team).id === 'number' ? (object(meta.team).id as number) : null,
    unread: Number(c.unread_count ?? 0),
    muted: typeof c.muted === 'boolean' ? c.muted : sender.blocked,
    canReply: c.can_reply !== false,
    snoozedUntil: ms(c.snoozed_until),
    createdAt: ms(c.created_at),
    lastActivityAt: ms(c.last_activity_at ?? c.timestamp),
    waitingSince: ms(c.waiting_since),
    firstReplyAt: ms(c.first_reply_created_at),
    contactSeenAt: ms(c.contact_last_seen_at),
    agentSeenAt: ms(c.agent_last_seen_at),
    updatedAt: Number(c.updated_at ?? 0),
    last,
    lastAny,
    custom: object(c.custom_attributes),
    additional: object(c.additional_attributes),
  }
}

/** Takes what came unless it is older than what is held. */
export function newer(raw: unknown, before: Conversation | undefined): Conversation {
  const next = conversationOf(raw, before)
  return before && next.updatedAt < before.updatedAt ? before : next
}

/** What a new message changes in its conversation. */
export function withMessage(c: Conversation, m: Message): Conversation {
  const about = object((m as unknown as Raw).conversation)
  const next = { ...c }
  if (!next.lastAny || m.id >= next.lastAny.id) next.lastAny = m
  if (m.message_type !== activity && (!next.last || m.id >= next.last.id)) next.last = m
  if (typeof about.unread_count === 'number') next.unread = about.unread_count
  next.lastActivityAt = Math.max(next.lastActivityAt, ms(about.last_activity_at ?? m.created_at))
  return next
}

const rank = { sent: 0, failed: 1, delivered: 2, read: 3 } as const

/** Two states of one message become one: receipts only move forward, its number at the provider stays; a retry begins again. */
export function laterMessage(before: Message, said: Message): Message {
  // "sent" after "failed" is a retry; after "delivered" it is late news.
  if (said.status === 'sent' && before.status === 'failed') return said
  const next = said.source_id || !before.source_id ? said : { ...said, source_id: before.source_id }
  return rank[next.status] < rank[before.status] ? { ...next, status: before.status } : next
}

/** Puts messages into a thread, by id; the order is that of ids within a time. */
export function merge(list: readonly Message[], more: readonly Message[]): readonly Message[] {
  if (more.length === 0) return list
  const known = new Map(list.map((m) => [m.id, m]))
  let changed = false
  for (const m of more) {
    const before = known.get(m.id)
    const next = before ? laterMessage(before, m) : m
    if (next !== before) {
      known.set(m.id, next)
      changed = true
    }
  }
  if (!changed) return list
  return [...known.values()].sort((a, b) => a.created_at - b.created_at || a.id - b.id)
}
