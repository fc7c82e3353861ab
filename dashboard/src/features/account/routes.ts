import type { Feature } from '@/app/features'

export const feature: Feature = {
  settings: [
    { path: 'settings/general', name: 'account-general', component: () => import('./GeneralPage.vue'), meta: { title: 'nav.general', texts: 'account', admin: true } },
  ],
  entries: [{ name: 'account-general', label: 'nav.general', icon: 'building', group: 'account', admin: true, order: 1 }],
}
