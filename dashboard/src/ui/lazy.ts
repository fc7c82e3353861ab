import { cloneVNode, Comment, defineComponent, Fragment, nextTick, shallowRef, Text, watch, type Component, type Ref, type ShallowRef, type VNode } from 'vue'

/** What made something open: the button, and the key where it was one. */
export interface Wish {
  button: HTMLElement
  key?: string
}

function* elements(list: readonly VNode[]): Generator<VNode> {
  for (const v of list) {
    if (v.type === Fragment) yield* elements(v.children as VNode[])
    else if (v.type !== Comment && v.type !== Text) yield v
  }
}

/**
 * The button of something that opens, until it is opened for the first time: a thread has a
 * menu at every message, and hardly one of them is ever opened. It says what it is all the
 * same. A menu minds which key opened it.
 */
export const LazyTrigger = defineComponent({
  props: { popup: { type: String, required: true } },
  emits: { arm: (_: Wish) => true },
  setup(props, { slots, emit }) {
    const onClick = (e: MouseEvent) => emit('arm', { button: e.currentTarget as HTMLElement })
    const onKeydown = (e: KeyboardEvent) => {
      if (props.popup !== 'menu' || !['Enter', ' ', 'ArrowDown'].includes(e.key)) return
      e.preventDefault()
      emit('arm', { button: e.currentTarget as HTMLElement, key: e.key })
    }
    return () => {
      const [button] = elements(slots.default?.() ?? [])
      return button && cloneVNode(button, { 'aria-haspopup': props.popup, 'aria-expanded': 'false', onClick, onKeydown })
    }
  },
})

const parts = {
  menu: () => import('./OpenMenu.vue'),
  popover: () => import('./OpenPopover.vue'),
  pick: () => import('./OpenPick.vue'),
}
/** What opens: the library for that comes when the page is quiet, or when it is asked for. */
export const openers = parts as unknown as Record<keyof typeof parts, () => Promise<{ default: Component }>>
export const readOpeners = (): Promise<unknown> => Promise.all(Object.values(openers).map((read) => read()))

/** Nothing until it is opened once, then what opens; arm makes that, and opens it. */
export function useLazy(open: Ref<boolean>, read: () => Promise<{ default: Component }>): { body: ShallowRef<Component | null>; arm: (wish: Wish) => Promise<void> } {
  const body = shallowRef<Component | null>(null)
  const make = async () => void (body.value ??= (await read()).default)
  watch(open, (now) => now && void make().catch(() => (open.value = false)), { flush: 'sync', immediate: true })
  return {
    body,
    arm: async ({ button, key }) => {
      const parent = button.parentElement
      const place = [...(parent?.children ?? [])].indexOf(button)
      await make().catch(() => {}) // the server is away: the next click asks again
      if (!body.value) return
      await nextTick()
      // The button was made anew, and has neither focus nor seen the key.
      const made = parent?.children[place] as HTMLElement | undefined
      made?.focus({ preventScroll: true })
      if (key) made?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))
      else open.value = true
    },
  }
}
