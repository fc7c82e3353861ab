import type { Feature } from '@/app/features'
import { isOn } from '@/lib/config'

export const feature: Feature = {
  settings: [
    { path: 'profile/settings', name: 'profile', component: () => import('./ProfilePage.vue'), meta: { title: 'nav.profile', texts: 'profile' } },
    { path: 'profile/mfa', name: 'profile-mfa', component: () => import('./MFAPage.vue'), meta: { title: 'nav.mfa', texts: 'profile' } },
  ],
  entries: [
    { name: 'profile', label: 'nav.profile', icon: 'user', group: 'you', order: 1 },
    { name: 'profile-mfa', label: 'nav.mfa', icon: 'shield', group: 'you', order: 2, shown: () => isOn(window.chatwootConfig.isMfaEnabled) },
  ],
}
