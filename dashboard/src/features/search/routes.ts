import type { Feature } from '@/app/features'

export const feature: Feature = {
  account: [{ path: 'search', name: 'search', component: () => import('./SearchPage.vue'), meta: { title: 'nav.search', texts: 'search' } }],
}
