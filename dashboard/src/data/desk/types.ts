import type { Schema } from '@/api/client'

export type Message = Schema<'Message'> & {
  /** In the conversation's newest message as lists carry it. */
  processed_message_content?: string | null
}
export type Attachment = Schema<'Attachment'>
export type Status = 'open' | 'resolved' | 'pending' | 'snoozed'
export type Priority = 'low' | 'medium' | 'high' | 'urgent' | null

/** Who writes: the parts that lists and threads show. */
export interface Person {
  id: number
  name: string
  avatar: string
}

export interface Sender extends Person {
  email: string | null
  phone: string | null
  blocked: boolean
  online: boolean
}

/** A conversation as screens know it, whichever way it came: by a call or live. Times are ms since 1970, 0: never. */
export interface Conversation {
  id: number
  inboxId: number
  channel: string
  status: Status
  priority: Priority
  labels: readonly string[]
  contact: Sender
  assignee: Person | null
  teamId: number | null
  unread: number
  muted: boolean
  canReply: boolean
  snoozedUntil: number
  createdAt: number
  lastActivityAt: number
  waitingSince: number
  firstReplyAt: number
  contactSeenAt: number
  agentSeenAt: number
  /** The server's; what is older than the one held is dropped. */
  updatedAt: number
  /** The newest message that is no activity note. */
  last: Message | null
  /** The newest message, activity notes included. */
  lastAny: Message | null
  custom: Readonly<Record<string, unknown>>
  additional: Readonly<Record<string, unknown>>
}

export const incoming = 0
export const outgoing = 1
export const activity = 2
export const template = 3
