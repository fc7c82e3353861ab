import type { Part, Reason, State } from './types'

/** Where the cause of a part's state is seen. */
const pages: Record<string, string> = {
  edge: 'channels',
  spool: 'queue',
  queue: 'queue',
  workers: 'queue',
  relay: 'deliveries',
}

export function pageOfPart(part: Part): string | null {
  if (part.reasons[0]?.code === 'queue_dead') return 'dead-letters'
  return pages[part.name] ?? null
}

const order: readonly State[] = ['bad', 'warning', 'unknown', 'good']

/** Parts that somebody should look at. */
export const troubles = (parts: readonly Part[]): Part[] => parts.filter((p) => order.indexOf(p.state) < 2)

/** The values of a reason's sentence: numbers as people write them, ages with their unit. */
export function valuesOf(reason: Reason, locale: string, duration: (seconds: number, locale: string) => string): Record<string, string> {
  const out: Record<string, string> = { detail: reason.detail ?? '' }
  for (const [name, value] of Object.entries(reason.values)) {
    if (name === 'seconds') out.age = duration(value, locale)
    else out[name] = new Intl.NumberFormat(locale).format(value)
  }
  return out
}
