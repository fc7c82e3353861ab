import { computed, onMounted, onUnmounted, ref, shallowRef, watch } from 'vue'
import { api } from '@/api/client'
import { useAct } from '@/data/account'
import { useLoad } from '@/data/load'
import { continued, isUnderWay, refreshed, type Log } from './log'

/** The log of a webhook: read again every few seconds while it is looked at, older pages on demand. */
export function useDeliveries(account_id: number, webhook_id: number, state: () => string) {
  const read = async (cursor?: number): Promise<Log> => {
    const query = { ...(cursor ? { cursor } : {}), ...(state() ? { state: state() } : {}) }
    const page = await api('get', '/api/v1/accounts/{account_id}/webhooks/{webhook_id}/deliveries', { path: { account_id, webhook_id }, query })
    return { list: page.payload.deliveries, cursor: page.meta.next_cursor }
  }
  const act = useAct()
  const log = shallowRef<Log>({ list: [], cursor: null })
  watch(state, () => (log.value = { list: [], cursor: null }), { flush: 'sync' })
  const load = useLoad(async () => {
    const of = state()
    const page = await read()
    if (of === state()) log.value = refreshed(log.value, page)
    return true
  }, state)

  const loadingOlder = ref(false)
  async function older(): Promise<void> {
    const { cursor } = log.value
    const of = state()
    if (cursor === null || loadingOlder.value) return
    loadingOlder.value = true
    await act(async () => {
      const page = await read(cursor)
      if (of === state()) log.value = continued(log.value, page)
    })
    loadingOlder.value = false
  }

  let timer: ReturnType<typeof setTimeout> | undefined
  async function tick(): Promise<void> {
    if (document.visibilityState === 'visible') await load.reload()
    timer = setTimeout(tick, isUnderWay(log.value) ? 2_000 : 6_000)
  }
  onMounted(() => (timer = setTimeout(tick, 2_000)))
  onUnmounted(() => clearTimeout(timer))

  return { load, list: computed(() => log.value.list), more: computed(() => log.value.cursor !== null), loadingOlder, older }
}
