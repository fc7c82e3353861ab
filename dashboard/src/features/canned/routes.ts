import type { Feature } from '@/app/features'

export const feature: Feature = {
  settings: [
    { path: 'settings/canned-response', redirect: (to) => ({ name: 'settings-canned', params: to.params }) },
    { path: 'settings/canned-response/list', name: 'settings-canned', component: () => import('./CannedPage.vue'), meta: { title: 'nav.canned', texts: 'canned' } },
  ],
  entries: [{ name: 'settings-canned', label: 'nav.canned', icon: 'messageText', group: 'work', order: 2 }],
}
