import { START_LOCATION, type RouteLocationNormalized, type RouteRecordRaw } from 'vue-router'
import type { Feature } from '@/app/features'
import { readThread } from './thread'

// One page for every list: it stays while one goes from list to list.
const component = () => import('./DeskPage.vue')
const meta = { title: 'nav.conversations', texts: ['conversations', 'composer', 'filter'], desk: true }

async function beforeEnter(to: RouteLocationNormalized, from: RouteLocationNormalized): Promise<void> {
  if (from !== START_LOCATION) return
  if (to.params.conversationId) void readThread().catch(() => {})
  ;(await import('./begin')).beginDesk(to)
}

const list = (path: string, name: string, more: object = {}): RouteRecordRaw[] => [
  { path, name, component, beforeEnter, meta: { ...meta, ...more } },
  { path: `${path}/conversations/:conversationId(\\d+)`, name: `${name}-conversation`, component, beforeEnter, meta: { ...meta, ...more } },
]
const kind = (folder: 'mentions' | 'unattended' | 'participating'): RouteRecordRaw => ({
  path: `${folder}/conversations/:conversationId(\\d+)?`,
  name: folder,
  component,
  beforeEnter,
  meta: { ...meta, folder },
})

export const feature: Feature = {
  account: [
    { path: 'dashboard', name: 'dashboard', component, beforeEnter, meta },
    { path: 'conversations/:conversationId(\\d+)', name: 'conversation', component, beforeEnter, meta },
    { path: 'conversations', redirect: (to) => ({ name: 'dashboard', params: to.params }) },
    ...list('inbox/:inboxId(\\d+)', 'inbox-list'),
    ...list('team/:teamId(\\d+)', 'team-list'),
    ...list('label/:label', 'label-list'),
    ...list('custom_view/:viewId(\\d+)', 'view-list'),
    kind('mentions'),
    kind('unattended'),
    kind('participating'),
  ],
}
