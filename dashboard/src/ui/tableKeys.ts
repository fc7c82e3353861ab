import { useKeys, type KeyCommand } from '@/data/keys'

/**
 * The keys of a table: j and k go from row to row (elements of `rows`, which are links: Enter
 * follows), "/" searches here, c makes something new.
 */
export function useTableKeys(rows: string, acts: { search?: () => void; create?: () => void }): void {
  function step(by: 1 | -1): void {
    const all = [...document.querySelectorAll<HTMLElement>(rows)]
    const next = all.indexOf(document.activeElement as HTMLElement) + by
    const target = by === 1 || next >= 0 ? all[Math.max(0, next)] : undefined
    target?.focus()
    target?.scrollIntoView({ block: 'nearest' })
  }
  const more: KeyCommand[] = []
  if (acts.search) more.push({ keys: '/', where: 'list', label: 'keys.searchHere', act: acts.search })
  if (acts.create) more.push({ keys: 'c', where: 'list', label: 'keys.newHere', act: acts.create })
  useKeys([
    { keys: 'j', where: 'list', label: 'keys.nextRow', act: () => step(1) },
    { keys: 'k', where: 'list', label: 'keys.previousRow', act: () => step(-1) },
    ...more,
  ])
}
