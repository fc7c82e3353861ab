import { onMounted, onUnmounted, ref, shallowRef, watch, type Ref, type ShallowRef, type WatchSource } from 'vue'
import { ApiError } from '@/api/errors'

export interface Loaded<T> {
  data: ShallowRef<T | null>
  error: ShallowRef<ApiError | null>
  loading: Ref<boolean>
  reload: () => Promise<void>
}

/** Reads now, whenever a source changes, and again when the window gets the focus; old content stays meanwhile. */
export function useLoad<T>(read: () => Promise<T>, source?: WatchSource): Loaded<T> {
  const data = shallowRef<T | null>(null)
  const error = shallowRef<ApiError | null>(null)
  const loading = ref(false)
  let latest = 0

  async function reload(): Promise<void> {
    const mine = ++latest
    loading.value = true
    try {
      const value = await read()
      if (mine !== latest) return
      data.value = value
      error.value = null
    } catch (e) {
      if (mine !== latest) return
      error.value = e instanceof ApiError ? e : new ApiError('server', 0, String(e))
    } finally {
      if (mine === latest) loading.value = false
    }
  }

  if (source) {
    watch(source, () => {
      data.value = null
      void reload()
    })
  }
  const again = () => void reload()
  onMounted(() => {
    void reload()
    window.addEventListener('focus', again)
  })
  onUnmounted(() => {
    latest++
    window.removeEventListener('focus', again)
  })
  return { data, error, loading, reload }
}
