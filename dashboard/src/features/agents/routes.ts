import type { RouteRecordRaw } from 'vue-router'

export const agentRoutes: RouteRecordRaw[] = [
  { path: 'settings/agents', redirect: (to) => ({ name: 'agents', params: to.params }) },
  { path: 'settings/agents/list', name: 'agents', component: () => import('./AgentsPage.vue'), meta: { title: 'nav.agents', texts: 'agents' } },
]
