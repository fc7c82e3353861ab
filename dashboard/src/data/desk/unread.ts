import { defineStore } from 'pinia'
import { shallowRef, watch } from 'vue'
import { api, type Schema } from '@/api/client'
import { useDirectory } from '@/data/directory'
import { useEvent, useResync } from '@/realtime/events'

/** How many conversations wait to be read, by place. Asked anew when it is quiet, never for each event. */
export const useUnread = defineStore('unread', () => {
  const counts = shallowRef<Schema<'UnreadCounts'> | null>(null)
  const directory = useDirectory()
  let timer: ReturnType<typeof setTimeout> | undefined

  async function read(): Promise<void> {
    timer = undefined
    const account_id = directory.account
    if (!account_id) return
    try {
      const answer = await api('get', '/api/v1/accounts/{account_id}/conversations/unread_counts', { path: { account_id } })
      if (account_id === directory.account) counts.value = answer.payload
    } catch {
      // the next event asks again
    }
  }
  const soon = () => (timer ??= setTimeout(() => void read(), 2_000))

  useEvent(['message.created', 'conversation.created', 'conversation.status_changed', 'assignee.changed', 'conversation.updated'], soon)
  useResync(soon)
  watch(
    () => directory.account,
    () => {
      counts.value = null
      void read()
    },
    { immediate: true },
  )
  return { counts, soon }
})
