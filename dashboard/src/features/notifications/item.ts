import type { Schema } from '@/api/client'
import type { IconName } from '@/ui/UiIcon.vue'

export type Item = Schema<'NotificationItem'>

export const types = [
  'conversation_creation',
  'conversation_assignment',
  'assigned_conversation_new_message',
  'conversation_mention',
  'participating_conversation_new_message',
  'sla_missed_first_response',
  'sla_missed_next_response',
  'sla_missed_resolution',
] as const
export type Type = (typeof types)[number]

export const icons: Readonly<Record<Type, IconName>> = {
  conversation_creation: 'inbox',
  conversation_assignment: 'userCheck',
  assigned_conversation_new_message: 'message',
  conversation_mention: 'at',
  participating_conversation_new_message: 'messages',
  sla_missed_first_response: 'alarm',
  sla_missed_next_response: 'alarm',
  sla_missed_resolution: 'alarm',
}

export const typeOf = (item: Item): Type => (types.includes(item.notification_type as Type) ? (item.notification_type as Type) : 'conversation_creation')

/** What a notification is about. The document says no more than that these are objects. */
export interface About {
  conversation: number
  inbox: number
  contact: string
  picture: string
  /** The message to go to, where it is about one. */
  message: number | undefined
}

export function aboutOf(item: Item): About {
  const thread = item.primary_actor as { id?: number; inbox_id?: number; meta?: { sender?: { name?: string; email?: string; phone_number?: string; thumbnail?: string } } }
  const sender = thread.meta?.sender
  const second = item.secondary_actor as { id?: number; conversation_id?: number } | null
  return {
    conversation: thread.id ?? 0,
    inbox: thread.inbox_id ?? 0,
    contact: sender?.name || sender?.email || sender?.phone_number || '',
    picture: sender?.thumbnail ?? '',
    message: second?.conversation_id === undefined ? undefined : second.id,
  }
}

export const pathOf = (accountId: number, about: About) =>
  `/app/accounts/${accountId}/conversations/${about.conversation}${about.message ? `?messageId=${about.message}` : ''}`

/**
 * The list after a notification arrived: of a conversation the newest alone is kept, as the
 * server does. Events come in any order: an older one that comes late changes nothing.
 */
export function arrived(items: readonly Item[], item: Item, newestFirst: boolean): readonly Item[] {
  if (items.some((i) => i.primary_actor_id === item.primary_actor_id && i.id > item.id)) return items
  const others = items.filter((i) => i.id !== item.id && i.primary_actor_id !== item.primary_actor_id)
  return newestFirst ? [item, ...others] : [...others, item]
}

/** The moments to snooze to, in seconds: in an hour, tomorrow and next Monday at nine. */
export function snoozes(now: Date): { key: 'hour' | 'tomorrow' | 'week'; at: number }[] {
  const at = (days: number) => {
    const d = new Date(now)
    d.setDate(d.getDate() + days)
    d.setHours(9, 0, 0, 0)
    return Math.floor(d.getTime() / 1000)
  }
  const monday = (8 - now.getDay()) % 7 || 7
  return [
    { key: 'hour', at: Math.floor(now.getTime() / 1000) + 3600 },
    { key: 'tomorrow', at: at(1) },
    { key: 'week', at: at(monday) },
  ]
}
