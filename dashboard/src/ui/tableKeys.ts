import { onMounted, onUnmounted } from 'vue'
import { usePreferences } from '@/data/preferences'

/** A key press that is for the page: of a single character, and not written into a field. */
export function isForPage(e: KeyboardEvent): boolean {
  if (e.defaultPrevented || e.isComposing || e.ctrlKey || e.metaKey || e.altKey) return false
  const target = e.target as HTMLElement | null
  return !target?.closest('input, textarea, select, [contenteditable=true], dialog, [role=menu], [role=listbox], [role=dialog]')
}

/**
 * The keys of a table: j and k go from row to row (elements of `rows`), "/" searches, c makes
 * something new. Enter follows the row, since it is a link. Off where single keys are off.
 */
export function useTableKeys(rows: string, acts: { search?: () => void; create?: () => void }): void {
  const preferences = usePreferences()
  function step(by: 1 | -1): void {
    const all = [...document.querySelectorAll<HTMLElement>(rows)]
    const next = all.indexOf(document.activeElement as HTMLElement) + by
    const target = by === 1 || next >= 0 ? all[Math.max(0, next)] : undefined
    target?.focus()
    target?.scrollIntoView({ block: 'nearest' })
  }
  function press(e: KeyboardEvent): void {
    if (preferences.values.shortcuts === 'off' || !isForPage(e)) return
    const act = { j: () => step(1), k: () => step(-1), '/': acts.search, c: acts.create }[e.key]
    if (!act) return
    e.preventDefault()
    e.stopPropagation()
    act()
  }
  // Before the keys of the frame: where a table is, they mean the table.
  onMounted(() => document.addEventListener('keydown', press, true))
  onUnmounted(() => document.removeEventListener('keydown', press, true))
}
