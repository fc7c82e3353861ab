import { onScopeDispose } from 'vue'
import type { Schema } from '@/api/client'

/** The events of /cable that screens know; others arrive under their names with unknown data. */
export interface Events {
  'message.created': Schema<'Message'> & { conversation?: Record<string, unknown>; performer?: unknown }
  'message.updated': Schema<'Message'>
  'conversation.created': Schema<'Conversation'>
  'conversation.updated': Schema<'Conversation'>
  'conversation.status_changed': Schema<'Conversation'>
  'conversation.read': Schema<'Conversation'>
  'conversation.contact_changed': Schema<'Conversation'>
  'conversation.deleted': { id: number; account_id: number }
  'conversation.mentioned': Schema<'Conversation'>
  'conversation.typing_on': { conversation: { id: number }; user: { id: number; name: string; type?: string }; is_private: boolean }
  'conversation.typing_off': { conversation: { id: number }; user: { id: number; name: string; type?: string }; is_private: boolean }
  'conversation.viewers': Record<string, unknown>
  'assignee.changed': Schema<'Conversation'>
  'team.changed': Schema<'Conversation'>
  'contact.created': Schema<'Contact'>
  'contact.updated': Schema<'Contact'>
  'contact.deleted': { id: number }
  'contact.merged': Record<string, unknown>
  'notification.created': Record<string, unknown>
  'notification.updated': Record<string, unknown>
  'notification.deleted': Record<string, unknown>
  'presence.update': { account_id: number; users: Record<string, string>; contacts?: Record<string, string> }
  'account.cache_invalidated': { account_id: number; cache_keys: Record<string, string> }
  'inbox.webhook_received': Record<string, unknown>
  'inbox.registration_changed': Record<string, unknown>
}

type Handler = (data: never, name: string) => void
const handlers = new Map<string, Set<Handler>>()
const resyncs = new Set<(since: number) => void>()

/** Hears an event until the returned function is called; "*" hears all. */
export function onEvent<N extends keyof Events>(name: N, handler: (data: Events[N], name: string) => void): () => void
export function onEvent(name: '*', handler: (data: unknown, name: string) => void): () => void
export function onEvent(name: string, handler: Handler): () => void {
  const set = handlers.get(name) ?? new Set()
  handlers.set(name, set.add(handler))
  return () => set.delete(handler)
}

/** Hears events as long as the component or store lives. */
export function useEvent<N extends keyof Events>(names: N | readonly N[], handler: (data: Events[N], name: string) => void): void {
  for (const name of typeof names === 'string' ? [names] : names) onScopeDispose(onEvent(name, handler))
}

/**
 * Is told after every gap in which events may have been missed: since is the last
 * moment, in ms since 1970, of which everything was heard.
 */
export function useResync(handler: (since: number) => void): void {
  resyncs.add(handler)
  onScopeDispose(() => resyncs.delete(handler))
}

/** Tells an event to those who hear it. One that fails keeps nothing from the others. */
export function tell(name: string, data: unknown): void {
  for (const key of [name, '*']) {
    for (const h of [...(handlers.get(key) ?? [])]) {
      try {
        h(data as never, name)
      } catch (e) {
        console.error(name, e)
      }
    }
  }
}

export function tellGap(since: number): void {
  for (const h of [...resyncs]) h(since)
}
