import type { Feature } from '@/app/features'

const meta = { title: 'nav.inboxes', texts: 'inboxes', entry: 'inboxes' }
const admin = { ...meta, admin: true }

export const feature: Feature = {
  settings: [
    { path: 'settings/inboxes', redirect: (to) => ({ name: 'inboxes', params: to.params }) },
    { path: 'settings/inboxes/list', name: 'inboxes', component: () => import('./settings/InboxesPage.vue'), meta },
    { path: 'settings/inboxes/new', name: 'inbox-new', component: () => import('./wizard/ChoosePage.vue'), meta: admin },
    { path: 'settings/inboxes/new/:inbox_id(\\d+)/agents', name: 'inbox-new-agents', component: () => import('./wizard/AgentsPage.vue'), meta: admin },
    { path: 'settings/inboxes/new/:inbox_id(\\d+)/finish', name: 'inbox-new-finish', component: () => import('./wizard/FinishPage.vue'), meta: admin },
    { path: 'settings/inboxes/new/:sub_page', name: 'inbox-new-connect', component: () => import('./wizard/ConnectPage.vue'), meta: admin },
    { path: 'settings/inboxes/:inboxId(\\d+)/:tab?', name: 'inbox', component: () => import('./settings/InboxPage.vue'), meta },
  ],
  entries: [{ name: 'inboxes', label: 'nav.inboxes', icon: 'inbox', group: 'channels', order: 1 }],
}
