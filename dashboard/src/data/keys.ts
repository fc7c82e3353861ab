import { defineStore } from 'pinia'
import { onScopeDispose, shallowReactive, shallowRef } from 'vue'
import { keyName, writes } from '@/lib/keys'

export type Where = 'global' | 'list' | 'conversation' | 'message'

export interface KeyCommand {
  /** One key, or two after each other: "j", "g c". */
  keys: string
  where: Where
  /** The key of its name in the texts. */
  label: string
  act: (e: KeyboardEvent) => unknown
  /** Also where text is written: only with mod, or Esc. */
  anywhere?: boolean
  /** It does nothing now: the key is left to others. */
  when?: () => boolean
}

/** How long the second of two keys may take, in ms. */
const pairTime = 1_200

/** The commands of the screens that are shown. The newest one wins. */
export const useKeyboard = defineStore('keyboard', () => {
  const commands = shallowReactive(new Set<KeyCommand>())
  /** Single letters do something. */
  const on = shallowRef(true)
  const remap = shallowRef<Readonly<Record<string, string>>>({})
  let first = ''
  let timer: ReturnType<typeof setTimeout> | undefined

  function find(keys: string, writing: boolean): KeyCommand | undefined {
    const asked = remap.value[keys] ?? keys
    return [...commands].reverse().find((c) => c.keys === asked && (!writing || c.anywhere) && (c.when?.() ?? true))
  }

  function press(e: KeyboardEvent): void {
    if (e.defaultPrevented) return
    const name = keyName(e)
    if (!name) return
    const writing = writes(e.target)
    const plain = !name.startsWith('mod+') && name !== 'Escape'
    if (plain && (writing || !on.value)) return
    // A dialog or an open menu has the keyboard for itself.
    if (plain && e.target instanceof Element && e.target.closest('dialog, [role=menu], [role=listbox], [role=dialog]')) return
    const before = first
    first = ''
    clearTimeout(timer)
    const command = (before ? find(`${before} ${name}`, writing) : undefined) ?? find(name, writing)
    if (command) {
      e.preventDefault()
      command.act(e)
    } else if ([...commands].some((c) => c.keys.startsWith(`${name} `))) {
      first = name
      timer = setTimeout(() => (first = ''), pairTime)
    }
  }
  window.addEventListener('keydown', press)

  function add(list: readonly KeyCommand[]): () => void {
    for (const c of list) commands.add(c)
    return () => {
      for (const c of list) commands.delete(c)
    }
  }

  return { commands, on, remap, add }
})

/** Commands as long as the component lives. */
export function useKeys(list: readonly KeyCommand[]): void {
  onScopeDispose(useKeyboard().add(list))
}
