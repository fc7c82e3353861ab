import type { Feature } from '@/app/features'

export const feature: Feature = {
  account: [{ path: 'dashboard', name: 'dashboard', component: () => import('./HomePage.vue'), meta: { title: 'nav.home', texts: 'home' } }],
}
