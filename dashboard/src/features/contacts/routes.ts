import type { Feature } from '@/app/features'

const list = () => import('./ContactsPage.vue')
const one = () => import('./ContactPage.vue')
const meta = { title: 'nav.contacts', texts: 'contacts' }

export const feature: Feature = {
  account: [
    { path: 'contacts', name: 'contacts', component: list, meta },
    { path: 'contacts/active', name: 'contacts-active', component: list, meta },
    { path: 'contacts/segments/:segmentId(\\d+)', name: 'contacts-segment', component: list, meta },
    { path: 'contacts/labels/:label', name: 'contacts-label', component: list, meta },
    { path: 'contacts/imports', name: 'contacts-imports', component: () => import('./ImportsPage.vue'), meta: { title: 'contacts.imports.title', texts: 'contacts' } },
    { path: 'contacts/:contactId(\\d+)', name: 'contact', component: one, meta },
    { path: 'contacts/:contactId(\\d+)/segments/:segmentId(\\d+)', name: 'contact-of-segment', component: one, meta },
    { path: 'contacts/:contactId(\\d+)/labels/:label', name: 'contact-of-label', component: one, meta },
  ],
}
