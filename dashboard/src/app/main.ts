import '@/ui/tokens.css'
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import { readSession } from '@/api/session'
import { listen } from '@/api/transport'
import { useIdentity } from '@/data/identity'
import { useUI } from '@/data/ui'
import { readConfig } from '@/lib/config'
import App from './App.vue'
import { i18n, localeFor, setLocale } from './i18n'
import { createAppRouter, preload } from './router'

async function start(): Promise<void> {
  readConfig()
  const app = createApp(App)
  app.use(createPinia())
  const router = createAppRouter()
  const ui = useUI()
  const identity = useIdentity()
  listen(
    () => {
      const here = router.currentRoute.value
      // A page of its own: whoever signs in next finds nothing of this user in memory.
      if (here.meta.open) identity.set(null)
      else {
        ui.ended = true
        location.assign(router.resolve({ name: 'login', query: { next: here.fullPath, error: 'session-ended' } }).href)
      }
    },
    (seconds) => (ui.waiting = seconds > 0),
  )
  if (readSession()) {
    preload(router, location.pathname)
    identity.load().catch(() => {}) // the router's to tell, which asks again
  }
  await setLocale(localeFor(null)).catch(() => {}) // English is there in any case
  app.use(i18n)
  app.use(router)
  app.mount('#app')
}

void start()
