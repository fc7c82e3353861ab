import { ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { ApiError } from '@/api/errors'
import { useDirectory, type Inbox } from '@/data/directory'
import { useUI } from '@/data/ui'
import * as calls from '../calls'
import type { Act } from './banner'
import type { WhatsAppNumber } from './number'

export interface Acts {
  /** What is being done. */
  busy: Ref<Act | null>
  /** What came of the last one: a sentence. */
  said: ShallowRef<{ tone: 'good' | 'warning' | 'bad' | 'info'; text: string } | null>
  run: (act: Act) => Promise<void>
  register: (pin?: string, reset?: boolean) => Promise<boolean>
}

/** What the buttons of the banner do. */
export function useActs(accountId: number, inbox: () => Inbox, number: WhatsAppNumber): Acts {
  const { t } = useI18n()
  const ui = useUI()
  const directory = useDirectory()
  const busy = ref<Act | null>(null)
  const said: Acts['said'] = shallowRef(null)

  async function guarded(act: Act, work: () => Promise<void>): Promise<boolean> {
    if (busy.value) return false
    busy.value = act
    said.value = null
    try {
      await work()
      return true
    } catch (e) {
      number.take(calls.registrationIn(e))
      said.value = { tone: 'bad', text: e instanceof ApiError ? e.text || t(`failure.${e.kind}`) : String(e) }
      return false
    } finally {
      busy.value = null
    }
  }

  const register: Acts['register'] = (pin, reset) =>
    guarded(pin || reset ? 'pin' : 'register', async () => {
      try {
        number.take(await calls.register(accountId, inbox().id, pin, reset))
      } catch (e) {
        // Somebody else pressed, or the engine is at it: that is what was wanted.
        if (!(e instanceof ApiError) || e.status !== 409) throw e
        number.take(calls.registrationIn(e))
        said.value = { tone: 'info', text: t('inboxes.banner.running') }
      }
      await number.read(true).catch(() => {})
    })

  async function reconnect(): Promise<void> {
    const { Cancelled, NoScript, signUp } = await import('./meta')
    const config = inbox().provider_config ?? {}
    const stored = (name: string) => (typeof config[name] === 'string' ? config[name] : '')
    try {
      const got = await signUp({ wabaId: stored('business_account_id'), phoneNumberId: stored('phone_number_id') })
      const done = await calls.authorize(accountId, {
        code: got.code, waba_id: got.wabaId, business_id: got.businessId || got.wabaId, phone_number_id: got.phoneNumberId, event: got.event, inbox_id: inbox().id,
      })
      number.take(done.registration)
      said.value = done.success ? { tone: 'good', text: t('inboxes.banner.reconnected') } : { tone: 'warning', text: done.message ?? '' }
      await directory.reload('inbox')
    } catch (e) {
      if (e instanceof Cancelled) said.value = { tone: 'info', text: t('inboxes.banner.cancelled') }
      else if (e instanceof NoScript) said.value = { tone: 'bad', text: t('inboxes.meta.noScript') }
      else throw e
    }
  }

  async function run(act: Act): Promise<void> {
    switch (act) {
      case 'register':
        await register()
        return
      case 'webhook':
        await guarded(act, async () => {
          await calls.registerWebhook(accountId, inbox().id)
          ui.toast(t('inboxes.banner.webhookDone'))
          await number.read(true)
        })
        return
      case 'check':
        await guarded(act, async () => {
          await number.read(false)
          if (number.problem.value) throw number.problem.value
          said.value = { tone: 'info', text: t('inboxes.banner.checked') }
        })
        return
      case 'reconnect':
        await guarded(act, reconnect)
    }
  }

  return { busy, said, run, register }
}
