import type { Feature } from '@/app/features'

export const feature: Feature = {
  settings: [
    { path: 'settings/audit-logs', redirect: (to) => ({ name: 'settings-audit', params: to.params }) },
    { path: 'settings/audit-logs/list', name: 'settings-audit', component: () => import('./AuditPage.vue'), meta: { title: 'nav.auditLogs', texts: 'audit', admin: true } },
  ],
  entries: [{ name: 'settings-audit', label: 'nav.auditLogs', icon: 'list', group: 'account', admin: true, order: 9 }],
}
