import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import { i18n, useTexts } from '@/app/i18n'
import { useNotifications } from '@/data/notifications'
import { useUI } from '@/data/ui'
import { tell } from '@/realtime/events'
import '@/ui/icons'
import * as calls from './calls'
import { aboutOf, arrived, pathOf, snoozes, type Item } from './item'
import NotificationsPage from './NotificationsPage.vue'
import PushPanel from './PushPanel.vue'

const item = (id: number, more: Partial<Item> = {}): Item => ({
  id,
  notification_type: 'conversation_mention',
  push_message_title: '',
  push_message_body: `Ana: text ${id}`,
  primary_actor_type: 'Conversation',
  primary_actor_id: 100 + id,
  primary_actor: { id: 10 + id, inbox_id: 1, meta: { sender: { name: 'Ana' } } },
  secondary_actor: { id: 7, conversation_id: 10 + id },
  read_at: null,
  snoozed_until: null,
  meta: { last_snoozed_at: null },
  user: null,
  created_at: 1_700_000_000,
  last_activity_at: 1_700_000_000,
  ...more,
})

let answers: Record<string, () => Response>
let sent: { method: string; path: string; body: unknown }[]
let page: VueWrapper | undefined

beforeEach(async () => {
  setActivePinia(createPinia())
  await useTexts('notifications')
  sent = []
  answers = {}
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
    const method = init.method ?? 'GET'
    sent.push({ method, path, body: typeof init.body === 'string' ? JSON.parse(init.body) : undefined })
    const key = Object.keys(answers).find((k) => `${method} ${path}`.includes(k))
    return Promise.resolve(key ? (answers[key]?.() ?? new Response('null')) : new Response('null'))
  })
})
afterEach(() => {
  page?.unmount()
  vi.unstubAllGlobals()
})

async function open(items: Item[]): Promise<VueWrapper> {
  answers = {
    'GET /api/v1/accounts/1/notifications/unread_count': () => Response.json(items.length),
    'GET /api/v1/accounts/1/notifications?': () => Response.json({ data: { meta: { count: items.length, unread_count: items.length, current_page: 1 }, payload: items } }),
    ...answers,
  }
  const view = { template: '<div />' }
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: '/app/accounts/:accountId/inbox-view', name: 'notifications', component: NotificationsPage },
      { path: '/app/accounts/:accountId/profile/notifications', name: 'notification-settings', component: view },
      { path: '/:all(.*)', component: view },
    ],
  })
  await router.push('/app/accounts/1/inbox-view')
  page = mount({ template: '<RouterView />' }, { global: { plugins: [i18n, router] }, attachTo: document.body })
  await flushPromises()
  return page
}

test('what a notification is about leads to the message', () => {
  expect(pathOf(3, aboutOf(item(1)))).toBe('/app/accounts/3/conversations/11?messageId=7')
  // Who assigned it is no message.
  expect(pathOf(3, aboutOf(item(1, { secondary_actor: { id: 7, name: 'Bo' } })))).toBe('/app/accounts/3/conversations/11')
  expect(aboutOf(item(1, { primary_actor: {} })).contact).toBe('')
})

test('of a conversation the newest notification is kept', () => {
  const list = [item(1), item(2)]
  expect(arrived(list, item(3, { primary_actor_id: 101 }), true).map((i) => i.id)).toEqual([3, 2])
  expect(arrived(list, item(3), false).map((i) => i.id)).toEqual([1, 2, 3])
  // The one before it comes late.
  expect(arrived([item(5, { primary_actor_id: 101 })], item(4, { primary_actor_id: 101 }), true).map((i) => i.id)).toEqual([5])
})

test('snoozing leads to nine in the morning', () => {
  const sunday = new Date(2024, 4, 5, 23, 30)
  const [hour, tomorrow, week] = snoozes(sunday).map((s) => new Date(s.at * 1000))
  expect(hour?.getTime()).toBe(sunday.getTime() + 3_600_000)
  expect(tomorrow).toEqual(new Date(2024, 4, 6, 9))
  expect(week).toEqual(new Date(2024, 4, 6, 9))
  expect(new Date((snoozes(new Date(2024, 4, 6, 8))[2]?.at ?? 0) * 1000)).toEqual(new Date(2024, 4, 13, 9))
})

test('events come in any order: what is gone does not come back', async () => {
  const w = await open([])
  const older = item(2, { primary_actor_id: 101 })
  const newer = item(3, { primary_actor_id: 101 })
  tell('notification.created', { account_id: 1, unread_count: 1, notification: newer })
  tell('notification.deleted', { account_id: 1, unread_count: 1, notification: { id: older.id } })
  tell('notification.created', { account_id: 1, unread_count: 1, notification: older })
  await flushPromises()
  expect(w.findAll('li').map((l) => l.text())).toEqual([expect.stringContaining('text 3')])
  tell('notification.deleted', { account_id: 1, unread_count: 0, notification: { id: 9 } })
  tell('notification.created', { account_id: 1, unread_count: 0, notification: item(9) })
  await flushPromises()
  expect(w.findAll('li')).toHaveLength(1)
})

test('the list lives by events', async () => {
  const w = await open([item(1)])
  expect(w.findAll('li')).toHaveLength(1)
  expect(w.text()).toContain('1 is waiting for you')
  tell('notification.created', { account_id: 1, unread_count: 2, notification: item(2) })
  tell('notification.created', { account_id: 9, unread_count: 5, notification: item(3) })
  await flushPromises()
  expect(w.findAll('li')).toHaveLength(2)
  expect(w.find('li').text()).toContain('text 2')
  expect(useNotifications().unread).toBe(2)
  tell('notification.updated', { account_id: 1, unread_count: 1, notification: item(2, { read_at: '2024-01-01T00:00:00Z' }) })
  await flushPromises()
  expect(w.find('[aria-label^="Mark as unread"]').exists()).toBe(true)
  tell('notification.deleted', { account_id: 1, unread_count: 1, notification: { id: 2 } })
  await flushPromises()
  expect(w.findAll('li')).toHaveLength(1)
})

test('what is refused is taken back', async () => {
  answers = { 'DELETE /': () => Response.json({ error: 'No.' }, { status: 422 }) }
  const w = await open([item(1)])
  await w.get('[aria-label^="Delete:"]').trigger('click')
  await flushPromises()
  expect(w.findAll('li')).toHaveLength(1)
  expect(useUI().toasts.at(-1)).toMatchObject({ text: 'No.', bad: true })
  answers = {}
})

test('nothing waits', async () => {
  const w = await open([])
  expect(w.text()).toContain('Nothing is waiting')
})

test('read and snoozed ones are asked for as a list', async () => {
  answers = { 'GET /': () => Response.json({ data: { meta: { count: 0, unread_count: 0, current_page: 1 }, payload: [] } }) }
  await calls.notifications(1, { read: true, snoozed: true, order: 'asc' }, 2)
  expect(new URL(sent[0]?.path ?? '', 'http://x').searchParams.getAll('includes[]')).toEqual(['read', 'snoozed'])
})

test('a flag is merged into what the server has now', async () => {
  const stored = { selected_email_flags: ['email_conversation_mention'], selected_push_flags: ['push_conversation_creation'] }
  answers = { 'GET /': () => Response.json(stored), 'PATCH /': () => Response.json(stored) }
  await calls.setFlag(1, 'push', 'conversation_mention', true)
  await calls.setFlag(1, 'email', 'conversation_mention', false)
  expect(sent.filter((s) => s.method === 'PATCH').map((s) => s.body)).toEqual([
    { notification_settings: { selected_email_flags: ['email_conversation_mention'], selected_push_flags: ['push_conversation_creation', 'push_conversation_mention'] } },
    { notification_settings: { selected_email_flags: [], selected_push_flags: ['push_conversation_creation'] } },
  ])
})

test('a browser without pushes says so', async () => {
  vi.stubGlobal('chatwootConfig', {})
  const w = mount(PushPanel, { global: { plugins: [i18n] } })
  await flushPromises()
  expect(w.text()).toContain('This browser cannot receive pushes')
})
