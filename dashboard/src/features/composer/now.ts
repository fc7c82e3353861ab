import { onScopeDispose, ref, type Ref } from 'vue'

/** The time, as often as something that runs out needs it. */
export function useNow(every = 20_000): Ref<number> {
  const now = ref(Date.now())
  const timer = setInterval(() => (now.value = Date.now()), every)
  onScopeDispose(() => clearInterval(timer))
  return now
}
