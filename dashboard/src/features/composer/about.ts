import { computed, type ComputedRef } from 'vue'
import type { Conversation, Message } from '@/data/desk/types'
import { useThreads } from '@/data/desk/threads'
import { useDirectory, type Inbox } from '@/data/directory'
import { useIdentity } from '@/data/identity'
import { useLookups } from './lookups'
import { useNow } from './now'
import { valuesOf, type Values } from './variables'
import { windowOf, type Window } from './window'

export interface About {
  inbox: ComputedRef<Inbox | undefined>
  messages: ComputedRef<readonly Message[]>
  window: ComputedRef<Window>
  values: ComputedRef<Values>
  me: ComputedRef<number>
}

/** What a composer knows of its conversation. */
export function useAbout(accountId: number, conversation: () => Conversation): About {
  const directory = useDirectory()
  const identity = useIdentity()
  const threads = useThreads()
  const lookups = useLookups()
  const now = useNow()
  const inbox = computed(() => directory.inboxOf.get(conversation().inboxId))
  const messages = computed(() => threads.all.get(conversation().id)?.messages ?? [])
  return {
    inbox,
    messages,
    window: computed(() => windowOf(conversation(), inbox.value, messages.value, Math.max(now.value, Date.now()))),
    values: computed(() => {
      const c = conversation()
      const user = identity.user
      return valuesOf({
        contact: { ...c.contact, custom: lookups.contact(accountId, c.contact.id)?.custom_attributes ?? {} },
        agent: { id: user?.id ?? 0, name: user?.name ?? '', available: user?.available_name ?? '', email: user?.email ?? '' },
        conversation: { id: c.id, custom: c.custom },
        inbox: { id: c.inboxId, name: inbox.value?.name ?? '' },
        account: { id: accountId, name: identity.membership(accountId)?.name ?? '' },
      })
    }),
    me: computed(() => identity.user?.id ?? 0),
  }
}
