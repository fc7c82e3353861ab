import type { Conversation, Status } from './types'

/** A list of conversations: what is asked of the server, and of what comes live. */
export interface Query {
  status: Status | 'all'
  tab: 'me' | 'unassigned' | 'all'
  sort: Sort
  inboxId?: number
  teamId?: number
  label?: string
  kind?: 'mention' | 'participating' | 'unattended'
  unread?: boolean
  /** Conditions of the filter grammar instead of everything above but the sort. */
  filter?: readonly unknown[]
}

export const sorts = [
  'last_activity_at_desc', 'last_activity_at_asc', 'waiting_since_asc', 'waiting_since_desc', 'priority_desc', 'priority_asc', 'created_at_desc', 'created_at_asc',
] as const
export type Sort = (typeof sorts)[number]

export const keyOf = (account: number, q: Query) => JSON.stringify([account, q])

/** How the API is asked for it. */
export function paramsOf(q: Query): Record<string, unknown> {
  return {
    'status[]': [q.status],
    assignee_type: q.tab,
    sort_by: q.sort,
    inbox_id: q.inboxId,
    team_id: q.teamId,
    'labels[]': q.label ? [q.label] : undefined,
    conversation_type: q.kind,
    unread: q.unread || undefined,
  }
}

/**
 * Tells whether a conversation belongs into the list: true or false where that is
 * known here, null where only the server knows.
 */
export function matches(q: Query, c: Conversation, me: number): boolean | null {
  if (q.filter) return null
  if (q.status !== 'all' && c.status !== q.status) return false
  if (q.tab === 'me' && c.assignee?.id !== me) return false
  if (q.tab === 'unassigned' && c.assignee) return false
  if (q.inboxId && c.inboxId !== q.inboxId) return false
  if (q.teamId && c.teamId !== q.teamId) return false
  if (q.label && !c.labels.includes(q.label)) return false
  if (q.unread && c.unread === 0) return false
  if (q.kind === 'unattended' && c.firstReplyAt && !c.waitingSince) return false
  if (q.kind === 'mention' || q.kind === 'participating') return null
  return true
}

const priorities = { urgent: 4, high: 3, medium: 2, low: 1 } as const

/** The order of the server's answers, for what comes between them. */
export function compare(sort: Sort): (a: Conversation, b: Conversation) => number {
  const by = (a: number, b: number, ascending: boolean) => (ascending ? a - b : b - a)
  const ascending = sort.endsWith('_asc')
  return (a, b) => {
    if (sort.startsWith('last_activity_at')) return by(a.lastActivityAt, b.lastActivityAt, ascending) || b.id - a.id
    if (sort.startsWith('created_at')) return by(a.createdAt, b.createdAt, ascending) || by(a.id, b.id, ascending)
    if (sort.startsWith('priority')) {
      const [x, y] = [a.priority ? priorities[a.priority] : 0, b.priority ? priorities[b.priority] : 0]
      if (!x !== !y) return x ? -1 : 1
      return by(x, y, ascending) || b.lastActivityAt - a.lastActivityAt
    }
    if (!a.waitingSince !== !b.waitingSince) return a.waitingSince ? -1 : 1
    return by(a.waitingSince, b.waitingSince, ascending) || a.createdAt - b.createdAt
  }
}

/** The same list in the filter grammar; null where that cannot say it. */
export function conditionsOf(q: Query, me: number): readonly unknown[] | null {
  if (q.filter) return q.filter
  if (q.kind || q.unread) return null
  const list: [string, string, unknown[]][] = [['status', 'equal_to', [q.status]]]
  if (q.tab === 'me') list.push(['assignee_id', 'equal_to', [me]])
  if (q.tab === 'unassigned') list.push(['assignee_id', 'is_not_present', []])
  if (q.inboxId) list.push(['inbox_id', 'equal_to', [q.inboxId]])
  if (q.teamId) list.push(['team_id', 'equal_to', [q.teamId]])
  if (q.label) list.push(['labels', 'equal_to', [q.label]])
  return list.map(([attribute_key, filter_operator, values], i) => ({
    attribute_key, filter_operator, values, query_operator: i < list.length - 1 ? 'AND' : null,
  }))
}
