import type { Feature } from '@/app/features'

export const feature: Feature = {
  settings: [
    { path: 'settings/custom-attributes', redirect: (to) => ({ name: 'settings-attributes', params: to.params }) },
    { path: 'settings/custom-attributes/list', name: 'settings-attributes', component: () => import('./AttributesPage.vue'), meta: { title: 'nav.attributes', texts: 'attributes' } },
  ],
  entries: [{ name: 'settings-attributes', label: 'nav.attributes', icon: 'database', group: 'work', order: 5 }],
}
