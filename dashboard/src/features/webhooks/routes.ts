import type { Feature } from '@/app/features'

export const feature: Feature = {
  settings: [
    { path: 'settings/integrations/webhook', name: 'settings-webhooks', component: () => import('./WebhooksPage.vue'), meta: { title: 'nav.webhooks', texts: 'webhooks', admin: true } },
    {
      path: 'settings/integrations/webhook/:webhookId(\\d+)',
      name: 'settings-webhook',
      component: () => import('./WebhookPage.vue'),
      meta: { title: 'nav.webhooks', texts: 'webhooks', admin: true, entry: 'settings-webhooks' },
    },
  ],
  entries: [{ name: 'settings-webhooks', label: 'nav.webhooks', icon: 'webhook', group: 'connections', admin: true, order: 5 }],
}
