import { defineStore } from 'pinia'
import { onScopeDispose, shallowReactive, shallowRef } from 'vue'
import { keyName, writes } from '@/lib/keys'
import { hasKeyboard, typeAhead, type TypeAhead } from '@/lib/typeAhead'

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
  /** It opens a field to write in. What is written before the field is there belongs into it. */
  opensField?: boolean
  /** It does nothing now: the key is left to others. */
  when?: () => boolean
}

/** The keys that Chatwoot's dashboard has, for those who know them: next, previous, resolve, reply, note, snooze, details. */
export const chatwoot: Readonly<Record<string, string>> = { 'alt+J': 'j', 'alt+K': 'k', 'alt+E': 'e', 'alt+L': 'r', 'alt+P': 'n', 'alt+M': 's', 'alt+O': 'd' }

/** How long the second of two keys may take, in ms. */
const pairTime = 1_200
/** How long a field may take to open, in ms. */
const openTime = 2_000

/** The commands of the screens that are shown. The newest one wins. */
export const useKeyboard = defineStore('keyboard', () => {
  const commands = shallowReactive(new Set<KeyCommand>())
  /** Single letters do something. */
  const on = shallowRef(true)
  const remap = shallowRef<Readonly<Record<string, string>>>({})
  let first = ''
  let timer: ReturnType<typeof setTimeout> | undefined
  let ahead: TypeAhead | undefined

  function find(keys: string, writing: boolean): KeyCommand | undefined {
    const asked = remap.value[keys] ?? keys
    return [...commands].reverse().find((c) => c.keys === asked && (!writing || c.anywhere) && (c.when?.() ?? true))
  }

  /** Keys with Alt exist only where somebody wants them: they write letters on many keyboards. */
  function altName(e: KeyboardEvent): string | null {
    const name = e.altKey && !e.isComposing ? `alt+${e.code.replace('Key', '')}` : ''
    return name in remap.value ? name : null
  }

  function press(e: KeyboardEvent): void {
    if (e.defaultPrevented || ahead?.take(e)) return
    const name = keyName(e) ?? altName(e)
    if (!name) return
    const writing = writes(e.target)
    const plain = !/^(mod|alt)\+/.test(name) && name !== 'Escape'
    if (plain && (writing || !on.value)) return
    // A dialog or an open menu has the keyboard for itself.
    if (plain && hasKeyboard(e.target)) return
    const before = first
    first = ''
    clearTimeout(timer)
    const command = (before ? find(`${before} ${name}`, writing) : undefined) ?? find(name, writing)
    if (command) {
      e.preventDefault()
      ahead?.end()
      if (command.opensField) ahead = typeAhead(openTime)
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
