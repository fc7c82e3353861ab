import { createRouter, createWebHistory, type RouteLocationNormalized, type RouteLocationRaw, type RouteRecordRaw, type Router } from 'vue-router'
import { ApiError } from '@/api/errors'
import { useIdentity } from '@/data/identity'
import { useUI } from '@/data/ui'
import { features } from './features'
import { localeFor, setLocale, useTexts } from './i18n'

declare module 'vue-router' {
  interface RouteMeta {
    /** The key of the page's name. */
    title?: string
    /** The feature whose texts the page says, or several; also parts of ui that have texts of their own. */
    texts?: string | readonly string[]
    /** The page fills the window: lists and threads scroll by themselves. */
    desk?: boolean
    /** Which list of conversations. */
    folder?: 'mentions' | 'unattended' | 'participating'
    /** The entry of the settings' list that a page belongs to, when it is not the entry's own. */
    entry?: string
    /** For those who are not signed in. */
    open?: boolean
    /** For administrators of the account. */
    admin?: boolean
    /** Also in a suspended account. */
    suspended?: boolean
  }
}

const shell = () => import('./shell/AccountShell.vue')
const notFound = () => import('./pages/NotFoundPage.vue')

const routes: RouteRecordRaw[] = [
  { path: '/', redirect: '/app' },
  { path: '/app', name: 'root', component: () => import('./pages/NoAccountPage.vue'), meta: { title: 'nav.home' } },
  {
    path: '/app/unreachable',
    name: 'unreachable',
    component: () => import('./pages/UnreachablePage.vue'),
    meta: { title: 'unreachable.title', open: true },
  },
  ...features.flatMap((f) => f.outside ?? []),
  {
    path: '/app/accounts/:accountId(\\d+)',
    component: shell,
    children: [
      { path: '', redirect: (to) => ({ name: 'dashboard', params: to.params }) },
      ...features.flatMap((f) => f.account ?? []),
      { path: 'suspended', name: 'suspended', component: () => import('./pages/SuspendedPage.vue'), meta: { title: 'suspended.title', suspended: true } },
      {
        path: '',
        component: () => import('./shell/SettingsFrame.vue'),
        children: [
          { path: 'settings', name: 'settings', redirect: (to) => ({ name: 'settings-index', params: to.params }) },
          { path: 'settings/index', name: 'settings-index', component: notFound },
          ...features.flatMap((f) => f.settings ?? []),
        ],
      },
      { path: ':unknown(.*)*', name: 'account-not-found', component: notFound, meta: { title: 'notFound.title', suspended: true } },
    ],
  },
  { path: '/:unknown(.*)*', name: 'not-found', component: notFound, meta: { title: 'notFound.title', open: true } },
]

/** Only places inside the dashboard are gone to after signing in. */
export function safeNext(next: unknown): string | null {
  return typeof next === 'string' && /^\/app\/(?!login|auth)[^\\]*$/.test(next) ? next : null
}

async function admit(to: RouteLocationNormalized): Promise<RouteLocationRaw | true> {
  const identity = useIdentity()
  if (to.name === 'not-found' || to.name === 'unreachable') return true
  const known = identity.user !== null
  const user = await identity.load()
  if (user && !known) await setLocale(localeFor(user.ui_settings.locale))
  if (!user) return to.meta.open ? true : { name: 'login', query: to.fullPath === '/app' ? {} : { next: to.fullPath } }
  if (to.name === 'login' && !to.query.sso_auth_token) return safeNext(to.query.next) ?? { name: 'root' }
  if (to.name === 'root') return identity.latest ? { name: 'dashboard', params: { accountId: identity.latest.id } } : true
  if (to.params.accountId === undefined) return true

  const accountId = Number(to.params.accountId)
  const membership = identity.membership(accountId)
  if (!membership) return { name: 'not-found', params: { unknown: to.path.slice(1).split('/') }, replace: true }
  if (membership.status === 'suspended' && !to.meta.suspended) return { name: 'suspended', params: { accountId } }
  if (membership.status !== 'suspended' && to.name === 'suspended') return { name: 'dashboard', params: { accountId } }
  identity.activate(accountId)
  if (to.name === 'settings-index') {
    return { name: membership.role === 'administrator' ? 'account-general' : 'profile', params: { accountId }, replace: true }
  }
  return true
}

/** Loads what a page is made of while the server is asked who somebody is. A failure is the router's to tell, which asks again. */
export function preload(router: Router, path: string): void {
  for (const record of router.resolve(path).matched) {
    const load = record.components?.default
    if (typeof load === 'function') void (load as () => Promise<unknown>)().catch(() => {})
    for (const feature of [record.meta.texts ?? []].flat()) void useTexts(feature).catch(() => {})
  }
}

export function createAppRouter(): Router {
  const router = createRouter({
    history: createWebHistory('/'),
    routes,
    scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  })
  router.beforeEach(async (to) => {
    try {
      return await admit(to)
    } catch (e) {
      if (e instanceof ApiError && to.name !== 'unreachable') return { name: 'unreachable', query: { next: to.fullPath }, replace: true }
      throw e
    }
  })
  router.beforeResolve(async (to) => {
    await Promise.all(to.matched.flatMap((record) => record.meta.texts ?? []).map(useTexts))
  })
  router.afterEach(() => void useUI().pages++)
  // A new version was installed: the chunk is gone, the page is loaded anew.
  router.onError((error: unknown, to) => {
    const text = String(error)
    const key = 'reloaded'
    if (/dynamically imported module|Importing a module|preload/i.test(text) && sessionStorage.getItem(key) !== to.fullPath) {
      sessionStorage.setItem(key, to.fullPath)
      location.assign(to.fullPath)
    }
  })
  return router
}
