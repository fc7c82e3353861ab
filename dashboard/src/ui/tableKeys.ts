import { useKeys, type KeyCommand } from '@/data/keys'

/** What a key does here; where it can do nothing, the key is left to others. */
type Act = (() => void) | { can: () => boolean; act: () => void }

/**
 * The keys of a table: j and k go from row to row (links or buttons: Enter follows), "/"
 * searches here, c makes something new.
 */
export function useTableKeys(rows: () => readonly HTMLElement[], acts: { search?: Act; create?: Act }): void {
  function step(by: 1 | -1): void {
    const all = rows()
    const next = all.indexOf(document.activeElement as HTMLElement) + by
    const target = by === 1 || next >= 0 ? all[Math.max(0, next)] : undefined
    target?.focus()
    target?.scrollIntoView({ block: 'nearest' })
  }
  const command = (keys: string, label: string, act: Act | undefined): KeyCommand[] =>
    act ? [{ keys, where: 'list', label, ...(typeof act === 'function' ? { act } : { act: act.act, when: act.can }) }] : []
  const any = () => rows().length > 0
  useKeys([
    { keys: 'j', where: 'list', label: 'keys.nextRow', when: any, act: () => step(1) },
    { keys: 'k', where: 'list', label: 'keys.previousRow', when: any, act: () => step(-1) },
    ...command('/', 'keys.searchHere', acts.search),
    ...command('c', 'keys.newHere', acts.create),
  ])
}

/** The rows that say what they are, in a page's tables. */
export const dataRows = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>('[data-row]')]
