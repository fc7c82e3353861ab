import type { RouteRecordRaw } from 'vue-router'
import type { Feature } from '@/app/features'

const details = () => import('./TeamPage.vue')
const members = () => import('./TeamMembersPage.vue')
const finish = () => import('./TeamFinishPage.vue')
const meta = { title: 'nav.teams', texts: 'teams', admin: true, entry: 'settings-teams' }

const wizard: RouteRecordRaw[] = [
  { path: 'settings/teams/new', name: 'settings-team-new', component: details, meta },
  { path: 'settings/teams/new/:teamId(\\d+)/agents', name: 'settings-team-new-agents', component: members, meta },
  { path: 'settings/teams/new/:teamId(\\d+)/finish', name: 'settings-team-new-finish', component: finish, meta },
  { path: 'settings/teams/:teamId(\\d+)/edit', name: 'settings-team-edit', component: details, meta },
  { path: 'settings/teams/:teamId(\\d+)/edit/agents', name: 'settings-team-edit-agents', component: members, meta },
  { path: 'settings/teams/:teamId(\\d+)/edit/finish', name: 'settings-team-edit-finish', component: finish, meta },
]

export const feature: Feature = {
  settings: [
    { path: 'settings/teams', redirect: (to) => ({ name: 'settings-teams', params: to.params }) },
    { path: 'settings/teams/list', name: 'settings-teams', component: () => import('./TeamsPage.vue'), meta: { title: 'nav.teams', texts: 'teams' } },
    ...wizard,
  ],
  entries: [{ name: 'settings-teams', label: 'nav.teams', icon: 'team', group: 'account', order: 3 }],
}
