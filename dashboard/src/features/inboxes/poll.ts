import { onMounted, onUnmounted } from 'vue'

/** Runs something again and again while the page is seen, as often as delay says (ms; 0: look again in a second). */
export function usePoll(delay: () => number, act: () => Promise<void>): void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let over = false
  const plan = () => {
    clearTimeout(timer)
    if (over) return
    const ms = document.visibilityState === 'visible' ? delay() : 0
    timer = setTimeout(() => void (ms ? act().catch(() => {}) : Promise.resolve()).finally(plan), ms || 1000)
  }
  onMounted(plan)
  onUnmounted(() => {
    over = true
    clearTimeout(timer)
  })
}
