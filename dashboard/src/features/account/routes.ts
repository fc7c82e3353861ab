import type { RouteRecordRaw } from 'vue-router'

export const accountRoutes: RouteRecordRaw[] = [
  { path: 'settings/general', name: 'account-general', component: () => import('./GeneralPage.vue'), meta: { title: 'nav.general', texts: 'account', admin: true } },
]
