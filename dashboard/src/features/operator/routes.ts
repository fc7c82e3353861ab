import type { Feature } from '@/app/features'

const texts = 'operator'

export const feature: Feature = {
  outside: [
    {
      path: '/app/operator',
      component: () => import('./OperatorFrame.vue'),
      meta: { title: 'nav.operator', texts },
      children: [
        { path: '', redirect: { name: 'operator-overview' } },
        { path: 'overview', name: 'operator-overview', component: () => import('./OverviewPage.vue'), meta: { title: 'operator.nav.overview', texts } },
        { path: 'queue', name: 'operator-queue', component: () => import('./QueuePage.vue'), meta: { title: 'operator.nav.queue', texts } },
        { path: 'dead-letters', name: 'operator-dead-letters', component: () => import('./DeadLettersPage.vue'), meta: { title: 'operator.nav.dead-letters', texts } },
        { path: 'deliveries', name: 'operator-deliveries', component: () => import('./DeliveriesPage.vue'), meta: { title: 'operator.nav.deliveries', texts } },
        { path: 'channels', name: 'operator-channels', component: () => import('./ChannelsPage.vue'), meta: { title: 'operator.nav.channels', texts } },
      ],
    },
  ],
}
