import { computed, type ComputedRef } from 'vue'
import * as profileAPI from '@/api/profile'
import { useIdentity } from '@/data/identity'

export interface Signature {
  /** "" where the agent has none. */
  text: ComputedRef<string>
  on: ComputedRef<boolean>
  toggle: () => Promise<void>
}

/** Where Chatwoot's dashboard keeps it, too. */
const setting = 'channel_email_signature_enabled'

/** The agent's signature under e-mails, and whether it is wanted. */
export function useSignature(): Signature {
  const identity = useIdentity()
  const text = computed(() => (identity.user?.message_signature ?? '').trim())
  return {
    text,
    on: computed(() => text.value !== '' && identity.user?.ui_settings[setting] === true),
    toggle: async () => {
      const user = identity.user
      if (!user) return
      const wanted = user.ui_settings[setting] !== true
      identity.set({ ...user, ui_settings: { ...user.ui_settings, [setting]: wanted } })
      try {
        identity.set(await profileAPI.updateUISettings({ [setting]: wanted }))
      } catch (e) {
        identity.set(user)
        throw e
      }
    },
  }
}

export const signed = (text: string, signature: string) => (signature ? `${text.trimEnd()}\n\n--\n${signature}` : text)
