import type { Feature } from '@/app/features'

const meta = { title: 'nav.notifications', texts: 'notifications' }

export const feature: Feature = {
  account: [
    { path: 'inbox-view', alias: 'notifications', name: 'notifications', component: () => import('./NotificationsPage.vue'), meta },
    // A notification of Chatwoot's addresses: its thread is where conversations are.
    { path: 'inbox-view/:type/:id(\\d+)', redirect: (to) => `/app/accounts/${String(to.params.accountId)}/conversations/${String(to.params.id)}` },
  ],
  settings: [
    {
      path: 'profile/notifications',
      name: 'notification-settings',
      component: () => import('./SettingsPage.vue'),
      meta: { title: 'nav.notificationSettings', texts: 'notifications' },
    },
  ],
  entries: [{ name: 'notification-settings', label: 'nav.notificationSettings', icon: 'bell', group: 'you', order: 3 }],
}
