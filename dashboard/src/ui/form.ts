import { computed, onMounted, onUnmounted, ref, shallowRef, type ComputedRef, type Ref, type ShallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { onBeforeRouteLeave, onBeforeRouteUpdate, type RouteLocationNormalized } from 'vue-router'
import { ApiError } from '@/api/errors'
import { useUI } from '@/data/ui'

export interface Form {
  busy: Ref<boolean>
  error: ShallowRef<ApiError | null>
  /** The sentence for the whole form; "" when there is nothing to say, or a field says it. */
  message: ComputedRef<string>
  /** The sentence at a field. */
  at: (field: string) => string | undefined
  /** Runs a change once at a time; tells whether it succeeded. */
  submit: (change: () => Promise<void>) => Promise<boolean>
  clear: () => void
}

/** The life of a form: busy, refused, at which field. */
export function useForm(fields: readonly string[] = []): Form {
  const { t } = useI18n()
  const busy = ref(false)
  const error = shallowRef<ApiError | null>(null)
  const known = computed(() => (error.value?.attributes ?? []).filter((a) => fields.includes(a)))
  const sentence = computed(() => (error.value ? error.value.text || t(`failure.${error.value.kind}`) : ''))
  return {
    busy,
    error,
    message: computed(() => (known.value.length > 0 ? '' : sentence.value)),
    at: (field) => {
      if (known.value[0] === field) return sentence.value
      return known.value.includes(field) ? t('failure.field') : undefined
    },
    clear: () => (error.value = null),
    submit: async (change) => {
      if (busy.value) return false
      busy.value = true
      error.value = null
      try {
        await change()
        return true
      } catch (e) {
        error.value = e instanceof ApiError ? e : new ApiError('server', 0, '')
        return false
      } finally {
        busy.value = false
      }
    },
  }
}

/** Asks before a page is left whose changes are not saved. */
export function useLeaveGuard(dirty: () => boolean): void {
  const { t } = useI18n()
  const ui = useUI()
  const unload = (e: BeforeUnloadEvent) => {
    if (dirty() && !ui.ended) e.preventDefault()
  }
  onMounted(() => window.addEventListener('beforeunload', unload))
  onUnmounted(() => window.removeEventListener('beforeunload', unload))
  const guard = (to: RouteLocationNormalized) => {
    if (!dirty() || to.meta.open) return true
    return ui.ask({ title: t('leave.title'), text: t('leave.text'), action: t('leave.action'), danger: true })
  }
  onBeforeRouteLeave(guard)
  // Tabs of one page are one route: its form goes, too.
  onBeforeRouteUpdate((to, from) => to.path === from.path || guard(to))
}
