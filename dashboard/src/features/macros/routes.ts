import type { Feature } from '@/app/features'

const page = () => import('./MacroPage.vue')
const meta = { title: 'nav.macros', texts: ['macros', 'steps'], entry: 'settings-macros' }

export const feature: Feature = {
  settings: [
    { path: 'settings/macros', name: 'settings-macros', component: () => import('./MacrosPage.vue'), meta: { title: 'nav.macros', texts: ['macros', 'steps'] } },
    { path: 'settings/macros/new', name: 'settings-macro-new', component: page, meta },
    { path: 'settings/macros/:macroId(\\d+)/edit', name: 'settings-macro', component: page, meta },
  ],
  entries: [{ name: 'settings-macros', label: 'nav.macros', icon: 'zap', group: 'work', order: 3 }],
}
