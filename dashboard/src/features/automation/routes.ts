import type { Feature } from '@/app/features'

const page = () => import('./RulePage.vue')
const texts = ['automation', 'filter', 'steps']
const meta = { title: 'nav.automation', texts, admin: true, entry: 'settings-automation' }

export const feature: Feature = {
  settings: [
    { path: 'settings/automation', redirect: (to) => ({ name: 'settings-automation', params: to.params }) },
    { path: 'settings/automation/list', name: 'settings-automation', component: () => import('./RulesPage.vue'), meta: { title: 'nav.automation', texts, admin: true } },
    { path: 'settings/automation/new', name: 'settings-rule-new', component: page, meta },
    { path: 'settings/automation/:ruleId(\\d+)', name: 'settings-rule', component: page, meta },
  ],
  entries: [{ name: 'settings-automation', label: 'nav.automation', icon: 'workflow', group: 'work', admin: true, order: 4 }],
}
