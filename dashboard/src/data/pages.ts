import { onMounted, onUnmounted, ref, shallowRef, watch, type Ref, type ShallowRef, type WatchSource } from 'vue'
import { ApiError } from '@/api/errors'
import { useResync } from '@/realtime/events'
import type { Loaded } from './load'

export interface Page<T> {
  items: readonly T[]
  /** How many there are on all pages, where the API says it. */
  count?: number | null
}

export interface Pages<T> extends Loaded<readonly T[]> {
  count: Ref<number | null>
  /** There is nothing after what was read. */
  done: Ref<boolean>
  more: () => Promise<void>
  /** Why the next page did not come. */
  moreError: ShallowRef<ApiError | null>
  /** Changes what was read, after an event or a write of one's own. */
  patch: (change: (items: readonly T[]) => readonly T[]) => void
}

/**
 * A list that is read page by page as one goes down. What moves from one page to the next
 * while one reads is shown once. Read anew when the source changes, and after gaps.
 */
export function usePages<T extends { id: number }>(read: (page: number) => Promise<Page<T>>, size: number, source?: WatchSource): Pages<T> {
  const data = shallowRef<readonly T[] | null>(null)
  const count = ref<number | null>(null)
  const error = shallowRef<ApiError | null>(null)
  const moreError = shallowRef<ApiError | null>(null)
  const loading = ref(false)
  const done = ref(false)
  let page = 0
  let latest = 0
  /** Changes while an answer is on its way, which may not know them yet. */
  let meanwhile: ((items: readonly T[]) => readonly T[])[] = []

  async function load(next: number, failed: (e: ApiError | null) => void): Promise<void> {
    const mine = ++latest
    loading.value = true
    meanwhile = []
    try {
      const got = await read(next)
      if (mine !== latest) return
      const before = next === 1 ? [] : (data.value ?? [])
      const known = new Set(before.map((x) => x.id))
      const items: readonly T[] = [...before, ...got.items.filter((x) => !known.has(x.id))]
      data.value = meanwhile.reduce((list, change) => change(list), items)
      if (got.count !== undefined) count.value = got.count
      done.value = got.items.length < size
      page = next
      failed(null)
    } catch (e) {
      if (mine === latest) failed(e instanceof ApiError ? e : new ApiError('server', 0, String(e)))
    } finally {
      if (mine === latest) loading.value = false
    }
  }

  const reload = () => load(1, (e) => (error.value = e))
  async function more(): Promise<void> {
    if (loading.value || done.value || data.value === null) return
    await load(page + 1, (e) => (moreError.value = e))
  }

  if (source) {
    watch(source, () => {
      data.value = null
      count.value = null
      error.value = null
      moreError.value = null
      void reload()
    })
  }
  onMounted(() => void reload())
  onUnmounted(() => latest++)
  useResync(() => void reload())
  return {
    data,
    error,
    loading,
    reload,
    count,
    done,
    more,
    moreError,
    patch: (change) => {
      if (loading.value) meanwhile.push(change)
      if (data.value) data.value = change(data.value)
    },
  }
}
