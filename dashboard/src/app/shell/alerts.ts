import { computed, onUnmounted, watch, type ComputedRef } from 'vue'
import { useDirectory } from '@/data/directory'
import { useNotifications } from '@/data/notifications'

/** The number of unread notifications, in the window's title and as a mark of its tab. */
export function useAlerts(): { count: ComputedRef<number> } {
  const directory = useDirectory()
  const notifications = useNotifications()
  const count = computed(() => notifications.unread)

  watch(
    () => directory.account,
    (id) => {
      if (id) void notifications.open(id).catch(() => {})
    },
    { immediate: true },
  )

  // The page's own title is whatever the screen says; the number stands before it.
  const plain = () => document.title.replace(/^\(\d+\+?\) /, '')
  function write(): void {
    const wanted = count.value > 0 ? `(${count.value > 99 ? '99+' : count.value}) ${plain()}` : plain()
    if (document.title !== wanted) document.title = wanted
    const icon = document.querySelector<HTMLLinkElement>('link[rel=icon]')
    const href = count.value > 0 ? '/app/favicon-unread.svg' : '/app/favicon.svg'
    if (icon && new URL(icon.href).pathname !== href) icon.href = href
  }
  const observer = new MutationObserver(write)
  const element = document.querySelector('title')
  if (element) observer.observe(element, { childList: true })
  watch(count, write, { immediate: true })
  onUnmounted(() => {
    observer.disconnect()
    document.title = plain()
  })
  return { count }
}
