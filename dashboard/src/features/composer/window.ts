import type { Inbox } from '@/data/directory'
import { incoming, type Conversation, type Message } from '@/data/desk/types'
import { isWhatsApp } from './channel'

/** Pure: how long a channel lets one answer. */

const hour = 3_600_000
/** From when on the time left is shown. */
export const soon = 4 * hour

/** Hours after a customer's message; null: for ever, or only the server knows (Meta's can be longer by a setting). */
export function windowHours(i: Pick<Inbox, 'channel_type' | 'medium' | 'additional_attributes'>): number | null {
  if (isWhatsApp(i)) return 24
  if (i.channel_type !== 'Channel::Api') return null
  const hours = Number(i.additional_attributes?.agent_reply_time_window)
  return hours > 0 ? hours : null
}

export interface Window {
  open: boolean
  /** Milliseconds left; null where nothing ends. */
  left: number | null
}

/** The window of a conversation: by its newest incoming message where that is known, else as the server last said. */
export function windowOf(c: Conversation, i: Inbox | undefined, messages: readonly Message[], now: number): Window {
  const hours = i ? windowHours(i) : null
  if (hours === null) return { open: c.canReply, left: null }
  let last = 0
  for (const m of c.last ? [...messages, c.last] : messages) if (m.message_type === incoming) last = Math.max(last, m.created_at * 1000)
  if (!last) return { open: c.canReply, left: null }
  const left = last + hours * hour - now
  return { open: left > 0, left: Math.max(0, left) }
}

/** 3:07 hours and minutes. */
export function timeLeft(ms: number): string {
  const minutes = Math.max(1, Math.ceil(ms / 60_000))
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}`
}
