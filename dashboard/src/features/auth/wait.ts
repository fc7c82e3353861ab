import { computed, onUnmounted, ref, watch, type ComputedRef, type Ref } from 'vue'
import { ApiError } from '@/api/errors'
import { clock, signInPeriod, windowEnd } from '@/lib/throttle'

/** Counts down to a moment: what is left as 4:59, "" when it is over. */
export function useCountdown(until: Ref<number>): ComputedRef<string> {
  const now = ref(Date.now())
  const timer = setInterval(() => (now.value = Date.now()), 500)
  watch(until, () => (now.value = Date.now()))
  onUnmounted(() => clearInterval(timer))
  return computed(() => (until.value > now.value ? clock(until.value - now.value) : ''))
}

/** The wait that "too many attempts" asks for: until the server's window ends. */
export function useWait(error: Ref<ApiError | null>, period: number = signInPeriod): ComputedRef<string> {
  const until = ref(0)
  watch(error, (e) => {
    if (e?.kind === 'throttled') until.value = Date.now() + windowEnd(e.at, period) - e.at
  })
  return useCountdown(until)
}
