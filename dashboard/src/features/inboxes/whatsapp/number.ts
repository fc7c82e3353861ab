import { computed, onMounted, onUnmounted, ref, shallowRef, watch, type ComputedRef, type InjectionKey, type Ref, type ShallowRef } from 'vue'
import type { Inbox } from '@/data/directory'
import { useEvent } from '@/realtime/events'
import * as calls from '../calls'
import { usePoll } from '../poll'
import { bannerOf, isCloud, isEmbedded, isMoving, isSettled, stockBanner, wentLive, type Banner } from './banner'
import { timeOf, type Health, type Registration } from './health'

/** A number of the Cloud API, as the screens about it share it. */
export interface WhatsAppNumber {
  health: ShallowRef<Health | null>
  /** Why the last reading from Meta failed; the health is older then. */
  problem: ShallowRef<calls.HealthAnswer['problem']>
  registration: ShallowRef<Registration | null>
  banner: ComputedRef<Banner | null>
  /** It went live while somebody looked. */
  live: Ref<boolean>
  /** Something was read, or could not be. */
  ready: Ref<boolean>
  /** Reads what is stored, or from Meta. */
  read: (stored: boolean) => Promise<void>
  /** Takes where the registration stands from an answer. */
  take: (r: Registration | null) => void
}

export const numberKey: InjectionKey<WhatsAppNumber> = Symbol('number')

const soon = 5_000
const sometime = 20_000

/**
 * Follows the registration of an inbox's number: the server tells changes with
 * account.cache_invalidated; a link that is down is made up for by asking, as long
 * as the page is seen and something is still to happen.
 */
export function useNumber(accountId: number, inbox: () => Inbox): WhatsAppNumber {
  const health = shallowRef<Health | null>(null)
  const problem = shallowRef<calls.HealthAnswer['problem']>(null)
  const registration = shallowRef<Registration | null>(null)
  const live = ref(false)
  const ready = ref(false)
  const cloud = computed(() => isCloud(inbox()))
  let asked = 0
  let newest = 0
  let over = false

  async function read(stored: boolean): Promise<void> {
    if (!cloud.value) return
    const mine = ++asked
    const found = await calls.health(accountId, inbox().id, stored).finally(() => (ready.value = true))
    // What is stored may be older than an answer that came meanwhile; what Meta says now is not.
    if (over || (stored && mine < newest)) return
    newest = Math.max(newest, mine)
    if (found.health) {
      health.value = found.health
      take(found.health.registration)
    }
    const checked = timeOf(found.health?.health_checked_at)?.getTime() ?? 0
    if (!stored || !found.health) problem.value = found.problem
    // Somebody else read it well since then.
    else if (problem.value && checked > problem.value.at) problem.value = null
  }

  function take(r: Registration | null): void {
    if (!r) return
    if (wentLive(registration.value?.state ?? null, r.state)) live.value = true
    else if (r.state !== 'registered') live.value = false
    registration.value = r
  }

  const banner = computed(() => {
    if (!cloud.value || !ready.value) return null
    return registration.value ? bannerOf(registration.value, isEmbedded(inbox())) : stockBanner(inbox(), health.value)
  })

  const again = () => void read(true).catch(() => {})
  watch(() => inbox().id, again)
  onMounted(() => {
    again()
    window.addEventListener('focus', again)
  })
  onUnmounted(() => {
    over = true
    window.removeEventListener('focus', again)
  })
  useEvent('account.cache_invalidated', (e) => {
    if (e.account_id === accountId && 'inbox' in e.cache_keys) again()
  })
  useEvent('inbox.registration_changed', again)
  usePoll(
    () => (!cloud.value || isSettled(registration.value) ? 0 : isMoving(registration.value) ? soon : sometime),
    () => read(true),
  )
  return { health, problem, registration, banner, live, ready, read, take }
}
