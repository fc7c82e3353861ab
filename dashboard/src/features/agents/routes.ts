import type { Feature } from '@/app/features'

export const feature: Feature = {
  settings: [
    { path: 'settings/agents', redirect: (to) => ({ name: 'agents', params: to.params }) },
    { path: 'settings/agents/list', name: 'agents', component: () => import('./AgentsPage.vue'), meta: { title: 'nav.agents', texts: 'agents' } },
  ],
  entries: [{ name: 'agents', label: 'nav.agents', icon: 'users', group: 'account', order: 2 }],
}
