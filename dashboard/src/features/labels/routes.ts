import type { Feature } from '@/app/features'

export const feature: Feature = {
  settings: [
    { path: 'settings/labels', redirect: (to) => ({ name: 'settings-labels', params: to.params }) },
    { path: 'settings/labels/list', name: 'settings-labels', component: () => import('./LabelsPage.vue'), meta: { title: 'nav.labels', texts: 'labels' } },
  ],
  entries: [{ name: 'settings-labels', label: 'nav.labels', icon: 'tag', group: 'work', order: 1 }],
}
