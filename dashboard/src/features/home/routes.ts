import type { Feature } from '@/app/features'

export const feature: Feature = {
  account: [{ path: 'welcome', name: 'welcome', component: () => import('./HomePage.vue'), meta: { title: 'nav.home', texts: 'home' } }],
}
