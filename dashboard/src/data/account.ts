import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRoute } from 'vue-router'
import { ApiError } from '@/api/errors'
import { useIdentity } from './identity'
import { useUI } from './ui'

/** The account of the present address, and whether who is signed in administers it. A screen lives in one account. */
export function useAccount() {
  const account_id = Number(useRoute().params.accountId)
  const identity = useIdentity()
  return { account_id, admin: computed(() => identity.membership(account_id)?.role === 'administrator') }
}

/** Runs a change that has no form; what goes wrong is said in a toast. Tells whether it succeeded. */
export function useAct(): (change: () => Promise<unknown>) => Promise<boolean> {
  const { t } = useI18n()
  const ui = useUI()
  return async (change) => {
    try {
      await change()
      return true
    } catch (e) {
      ui.toast(e instanceof ApiError ? e.text || t(`failure.${e.kind}`) : t('failure.server'), true)
      return false
    }
  }
}
