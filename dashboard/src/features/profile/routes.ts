import type { RouteRecordRaw } from 'vue-router'

export const profileRoutes: RouteRecordRaw[] = [
  { path: 'profile/settings', name: 'profile', component: () => import('./ProfilePage.vue'), meta: { title: 'nav.profile', texts: 'profile' } },
  { path: 'profile/mfa', name: 'profile-mfa', component: () => import('./MFAPage.vue'), meta: { title: 'nav.mfa', texts: 'profile' } },
]
