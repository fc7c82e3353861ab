import { keyName, writes } from './keys'

/** Keeps what is written while a field opens, and writes it into the field. */
export interface TypeAhead {
  /** Whether the key was kept. */
  take: (e: KeyboardEvent) => boolean
  end: () => void
}

/**
 * Who presses "s" and writes on does not wait for what "s" opens. A page that has much to do
 * shows it some keys later, and those would be commands: "t" of "tomorrow" another list.
 * It ends when a field has the focus, with Escape, and after so many milliseconds.
 */
export function typeAhead(time: number): TypeAhead {
  const kept: string[] = []
  const timer = setTimeout(end, time)
  let over = false
  document.addEventListener('focusin', into)

  function end(): void {
    over = true
    clearTimeout(timer)
    document.removeEventListener('focusin', into)
  }

  function take(e: KeyboardEvent): boolean {
    if (!over && hasKeyboard(e.target)) end()
    if (over || writes(e.target)) return false
    const name = keyName(e)
    if (name === 'Escape') end()
    if (!name || (e.key.length > 1 && !['Enter', 'Backspace'].includes(e.key)) || e.ctrlKey || e.metaKey) return false
    e.preventDefault()
    if (e.key === 'Backspace') kept.pop()
    else kept.push(e.key)
    return true
  }

  function into(e: Event): void {
    const field = e.target
    if (!writes(field) || !(field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement)) return
    end()
    // After what the focus itself does: a list selects what is in its field.
    if (kept.length) setTimeout(() => void replay(field, kept))
  }
  return { take, end }
}

/** A dialog, an open menu, a list: keys pressed in it are for it. */
export const hasKeyboard = (target: EventTarget | null) => target instanceof Element && target.closest('dialog, [role=menu], [role=listbox], [role=dialog]') !== null

async function replay(field: HTMLInputElement | HTMLTextAreaElement, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    // What is chosen by it is what the letters before it left.
    if (key === 'Enter') await new Promise((shown) => requestAnimationFrame(() => setTimeout(shown)))
    const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true })
    if (!field.dispatchEvent(event)) continue
    if (key === 'Enter') field.form?.requestSubmit()
    else {
      field.setRangeText(key, field.selectionStart ?? field.value.length, field.selectionEnd ?? field.value.length, 'end')
      field.dispatchEvent(new InputEvent('input', { data: key, inputType: 'insertText', bubbles: true }))
    }
  }
}
