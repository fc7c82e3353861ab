import { inject, provide, type InjectionKey, type Ref } from 'vue'

const key: InjectionKey<Readonly<Ref<HTMLElement | null>>> = Symbol('overlay')

/** Of a modal dialog: what opens inside it must lie inside it, everything else is inert. */
export function provideOverlay(element: Readonly<Ref<HTMLElement | null>>): void {
  provide(key, element)
}

/** Where a menu or a list that opens is put. */
export function useOverlay(): () => HTMLElement | string {
  const element = inject(key, null)
  return () => element?.value ?? 'body'
}
