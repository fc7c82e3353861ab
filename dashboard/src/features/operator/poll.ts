import { onMounted, onUnmounted, type WatchSource } from 'vue'
import { useLoad, type Loaded } from '@/data/load'

/** How often a screen looks again, in milliseconds. */
export const pollEvery = 7_500

/** Loads, and loads again while somebody can see it. What failed is tried again, too. */
export function usePoll<T>(read: () => Promise<T>, source?: WatchSource): Loaded<T> {
  const loaded = useLoad(read, source)
  let timer: ReturnType<typeof setInterval> | undefined
  function look(): void {
    if (document.visibilityState === 'visible' && !loaded.loading.value) void loaded.reload()
  }
  onMounted(() => {
    timer = setInterval(look, pollEvery)
    document.addEventListener('visibilitychange', look)
  })
  onUnmounted(() => {
    clearInterval(timer)
    document.removeEventListener('visibilitychange', look)
  })
  return loaded
}
