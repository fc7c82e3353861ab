import type { Schema } from '@/api/client'

export type Delivery = Schema<'Delivery'>

export interface Log {
  /** The newest first. */
  list: readonly Delivery[]
  /** Of the page after the last one that was read; null at the end. */
  cursor: number | null
}

/**
 * The log after its newest page was read again. Older pages that were read stay, unless
 * so much happened meanwhile that something between is missing.
 */
export function refreshed(log: Log, page: Log): Log {
  const last = page.list.at(-1)
  if (!last || page.cursor === null) return page
  const older = log.list.filter((d) => d.id < last.id)
  const joined = log.list.some((d) => d.id >= last.id)
  return older.length === 0 || !joined ? page : { list: [...page.list, ...older], cursor: log.cursor }
}

/** The log with an older page at its end. */
export function continued(log: Log, page: Log): Log {
  const known = new Set(log.list.map((d) => d.id))
  return { list: [...log.list, ...page.list.filter((d) => !known.has(d.id))], cursor: page.cursor }
}

export const isUnderWay = (log: Log): boolean => log.list.some((d) => d.state === 'pending')
