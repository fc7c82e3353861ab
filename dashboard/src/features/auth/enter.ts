import { useRoute, useRouter } from 'vue-router'
import { localeFor, setLocale } from '@/app/i18n'
import { safeNext } from '@/app/router'
import type { User } from '@/api/types'
import { useIdentity } from '@/data/identity'

/** What follows when somebody was let in. */
export function useEnter(): (user: User) => Promise<void> {
  const identity = useIdentity()
  const route = useRoute()
  const router = useRouter()
  return async (user) => {
    identity.set(user)
    const account = Number(route.query.sso_account_id)
    const conversation = Number(route.query.sso_conversation_id)
    const next = safeNext(route.query.next)
    await setLocale(localeFor(user.ui_settings.locale))
    if (account > 0 && conversation > 0) await router.replace(`/app/accounts/${account}/conversations/${conversation}`)
    else if (account > 0) await router.replace(`/app/accounts/${account}/dashboard`)
    else await router.replace(next ?? '/app')
  }
}
