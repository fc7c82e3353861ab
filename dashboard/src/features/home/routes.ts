import type { RouteRecordRaw } from 'vue-router'

export const homeRoutes: RouteRecordRaw[] = [
  { path: 'dashboard', name: 'dashboard', component: () => import('./HomePage.vue'), meta: { title: 'nav.home', texts: 'home' } },
]
