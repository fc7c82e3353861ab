/** What a key press is called: "j", "Shift+E", "mod+K", "?", "Enter". Letters by what they write, not by where they lie. */
export function keyName(e: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey' | 'isComposing'>): string | null {
  if (e.isComposing || e.altKey || e.key === 'Dead' || e.key === 'Process') return null
  const letter = /^\p{L}$/u.test(e.key)
  const key = letter ? e.key.toLocaleLowerCase() : e.key
  const mod = e.ctrlKey || e.metaKey
  if (mod) return `mod+${letter ? key.toLocaleUpperCase() : key}`
  // Signs that need Shift on some keyboards ("?", "/") are what they are.
  const shift = e.shiftKey && (letter || key.length > 1)
  return shift ? `Shift+${letter ? key.toLocaleUpperCase() : key}` : key
}

/** Where letters are written rather than commands given. */
export function writes(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true
  return target instanceof HTMLInputElement && !/^(checkbox|radio|button|submit|reset|file|range)$/.test(target.type)
}
