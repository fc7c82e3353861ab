import { api, type Given, type Schema } from '@/api/client'
import type { Item } from './item'

export const perPage = 15

export interface Choice {
  read: boolean
  snoozed: boolean
  order: 'desc' | 'asc'
}

const list = '/api/v1/accounts/{account_id}/notifications'

// The document knows "includes" as anything; in an address a list is written with brackets.
const included = (c: Choice) => ({ 'includes[]': [...(c.read ? ['read'] : []), ...(c.snoozed ? ['snoozed'] : [])] }) as object

export async function notifications(account_id: number, choice: Choice, page: number): Promise<{ items: Item[]; count: number }> {
  const query: Given<typeof list, 'get'>['query'] = { page, sort_order: choice.order, ...included(choice) }
  const { data } = await api('get', list, { path: { account_id }, query })
  return { items: data.payload, count: data.meta.count }
}

export const read = (account_id: number, id: number) => api('patch', `${list}/{id}`, { path: { account_id, id } })
export const unread = (account_id: number, id: number) => api('post', `${list}/{id}/unread`, { path: { account_id, id } })
export const snooze = (account_id: number, id: number, snoozed_until: number) => api('post', `${list}/{id}/snooze`, { path: { account_id, id }, body: { snoozed_until } })
export const remove = (account_id: number, id: number) => api('delete', `${list}/{id}`, { path: { account_id, id } })
export const readAll = (account_id: number) => api('post', `${list}/read_all`, { path: { account_id }, body: {} })
export const removeAll = (account_id: number, type: 'read' | 'all') => api('post', `${list}/destroy_all`, { path: { account_id }, body: { type } })

const settingsPath = '/api/v1/accounts/{account_id}/notification_settings'
export type Settings = Schema<'NotificationSettings'>
export const settings = (account_id: number) => api('get', settingsPath, { path: { account_id } })

/** Sets one flag: both lists are replaced whole, so they are read first. */
export async function setFlag(account_id: number, way: 'email' | 'push', type: string, on: boolean): Promise<Settings> {
  const { selected_email_flags, selected_push_flags } = await settings(account_id)
  const flags = { selected_email_flags, selected_push_flags }
  const key = `selected_${way}_flags` as const
  const flag = `${way}_${type}`
  flags[key] = [...flags[key].filter((f) => f !== flag), ...(on ? [flag] : [])]
  return api('patch', settingsPath, { path: { account_id }, body: { notification_settings: flags } })
}

export const subscribe = (subscription: PushSubscription) => {
  const { endpoint, keys } = subscription.toJSON()
  return api('post', '/api/v1/notification_subscriptions', {
    body: { notification_subscription: { subscription_type: 'browser_push', subscription_attributes: { endpoint, p256dh: keys?.p256dh, auth: keys?.auth } } },
  })
}
