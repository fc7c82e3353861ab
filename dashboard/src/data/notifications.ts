import { defineStore } from 'pinia'
import { ref } from 'vue'
import { api } from '@/api/client'
import { useEvent, useResync } from '@/realtime/events'
import { useAlerts } from './alerts'

/**
 * How many notifications wait in an account: the frame draws it as a badge and in the
 * window's title. Opening it also begins to ring.
 */
export const useNotifications = defineStore('notifications', () => {
  const account = ref(0)
  const unread = ref(0)

  /** Asks again, after what no event tells: "read all" and "delete all". */
  async function refresh(): Promise<void> {
    const account_id = account.value
    if (!account_id) return
    const n = await api('get', '/api/v1/accounts/{account_id}/notifications/unread_count', { path: { account_id } })
    if (account_id === account.value) unread.value = n
  }

  async function open(id: number): Promise<void> {
    if (account.value === id) return
    account.value = id
    unread.value = 0
    await refresh()
  }

  useEvent(['notification.created', 'notification.updated', 'notification.deleted'], (e) => {
    if (e.account_id === account.value && typeof e.unread_count === 'number') unread.value = e.unread_count
  })
  useResync(() => void refresh().catch(() => {}))
  useAlerts()

  return { account, unread, open, refresh }
})
