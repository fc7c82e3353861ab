import { computed, reactive, shallowRef, watch, type ComputedRef } from 'vue'

export interface Draft<T extends object> {
  values: T
  dirty: ComputedRef<boolean>
  /** Fields that were changed here and, meanwhile, elsewhere. */
  conflicts: ComputedRef<readonly (keyof T)[]>
  /** What was changed, and nothing else. */
  changes: () => Partial<T>
  /** Gives up what was changed, for what is stored. */
  reset: () => void
}

const copy = <T>(v: T): T => JSON.parse(JSON.stringify(v)) as T
const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

/**
 * The values of a form over what is stored. When that changes meanwhile, fields that
 * nobody touched follow it; those that were touched stay, and are told.
 */
export function useDraft<T extends object>(read: () => T): Draft<T> {
  const base = shallowRef(copy(read()))
  // What was stored when a field was first touched.
  const stale = shallowRef(new Map<keyof T, unknown>())
  const values = reactive(copy(base.value)) as T
  const keys = () => Object.keys(base.value) as (keyof T)[]
  const changed = (k: keyof T) => !same(values[k], base.value[k])
  watch(read, (next) => {
    const now = copy(next)
    const conflicts = new Map(stale.value)
    for (const k of keys()) {
      if (!changed(k)) values[k] = copy(now[k])
      else if (same(values[k], now[k])) conflicts.delete(k)
      else if (!same(base.value[k], now[k])) conflicts.set(k, now[k])
    }
    base.value = now
    stale.value = conflicts
  })
  return {
    values,
    dirty: computed(() => keys().some(changed)),
    conflicts: computed(() => [...stale.value.keys()].filter(changed)),
    changes: () => Object.fromEntries(keys().filter(changed).map((k) => [k, copy(values[k])])) as Partial<T>,
    reset: () => {
      stale.value = new Map()
      for (const k of keys()) values[k] = copy(base.value[k])
    },
  }
}
