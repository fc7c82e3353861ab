import { computed, shallowRef, type ComputedRef, type ShallowRef } from 'vue'

export interface Selection {
  ids: ShallowRef<ReadonlySet<number>>
  size: ComputedRef<number>
  /** Also those that are not loaded. */
  everything: ShallowRef<boolean>
  toggle: (id: number, extend: boolean, order: readonly number[]) => void
  all: (order: readonly number[]) => void
  clear: () => void
}

/** Which rows are chosen; with extend from the last one on. */
export function useSelection(): Selection {
  const ids = shallowRef<ReadonlySet<number>>(new Set())
  const everything = shallowRef(false)
  let last = 0
  return {
    ids,
    everything,
    size: computed(() => ids.value.size),
    toggle(id, extend, order) {
      const next = new Set(ids.value)
      const from = order.indexOf(last)
      const to = order.indexOf(id)
      if (extend && from >= 0 && to >= 0) for (const x of order.slice(Math.min(from, to), Math.max(from, to) + 1)) next.add(x)
      else if (!next.delete(id)) next.add(id)
      last = id
      ids.value = next
      everything.value = false
    },
    all(order) {
      ids.value = new Set(order)
    },
    clear() {
      ids.value = new Set()
      everything.value = false
    },
  }
}
