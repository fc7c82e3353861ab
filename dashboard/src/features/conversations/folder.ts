import type { LocationQuery, RouteLocationNormalizedLoaded, RouteLocationRaw } from 'vue-router'
import { sorts, type Query, type Sort } from '@/data/desk/query'

/** A list of conversations that has an address. */
export type Folder =
  | { kind: 'all' }
  | { kind: 'inbox' | 'team' | 'view'; id: number }
  | { kind: 'label'; title: string }
  | { kind: 'mentions' | 'unattended' | 'participating' }

export function folderOf(route: Pick<RouteLocationNormalizedLoaded, 'params' | 'meta'>): Folder {
  const p = route.params
  if (p.inboxId) return { kind: 'inbox', id: Number(p.inboxId) }
  if (p.teamId) return { kind: 'team', id: Number(p.teamId) }
  if (p.viewId) return { kind: 'view', id: Number(p.viewId) }
  if (p.label) return { kind: 'label', title: String(p.label) }
  const kind = route.meta.folder
  return kind === 'mentions' || kind === 'unattended' || kind === 'participating' ? { kind } : { kind: 'all' }
}

/** Where a folder is, or a conversation in it. */
export function pathOf(account: number, folder: Folder, conversation?: number): string {
  const base = `/app/accounts/${account}`
  const end = conversation ? `/conversations/${conversation}` : ''
  switch (folder.kind) {
    case 'all':
      return conversation ? `${base}${end}` : `${base}/dashboard`
    case 'inbox':
    case 'team':
      return `${base}/${folder.kind}/${folder.id}${end}`
    case 'view':
      return `${base}/custom_view/${folder.id}${end}`
    case 'label':
      return `${base}/label/${encodeURIComponent(folder.title)}${end}`
    default:
      return `${base}/${folder.kind}/conversations${conversation ? `/${conversation}` : ''}`
  }
}

export interface Choice {
  tab: Query['tab']
  status: Query['status']
  sort: Sort
  unread: boolean
}

const tabs = ['me', 'unassigned', 'all'] as const
const statuses = ['open', 'resolved', 'pending', 'snoozed', 'all'] as const
const one = <T extends string>(list: readonly T[], v: unknown): T | undefined => list.find((x) => x === v)

/** What the address says, else what the user chose last. */
export function choiceOf(query: LocationQuery, stored: unknown): Choice {
  const s = (typeof stored === 'object' && stored !== null ? stored : {}) as { status?: unknown; order_by?: unknown }
  return {
    tab: one(tabs, query.tab) ?? 'all',
    status: one(statuses, query.status) ?? one(statuses, s.status) ?? 'open',
    sort: one(sorts, query.sort) ?? one(sorts, s.order_by) ?? 'last_activity_at_desc',
    unread: query.unread === '1',
  }
}

/** The conditions of an unsaved filter, as the address carries them. */
export function filterOf(query: LocationQuery): readonly unknown[] | undefined {
  if (typeof query.f !== 'string') return undefined
  try {
    const f: unknown = JSON.parse(query.f)
    return Array.isArray(f) && f.length > 0 ? (f as unknown[]) : undefined
  } catch {
    return undefined
  }
}

export function queryOf(folder: Folder, c: Choice, filter: readonly unknown[] | undefined): Query {
  if (filter) return { status: 'all', tab: 'all', sort: 'last_activity_at_desc', filter }
  const q: Query = { status: c.status, tab: c.tab, sort: c.sort, ...(c.unread ? { unread: true } : {}) }
  switch (folder.kind) {
    case 'inbox':
      return { ...q, inboxId: folder.id }
    case 'team':
      return { ...q, teamId: folder.id }
    case 'label':
      return { ...q, label: folder.title }
    case 'mentions':
      return { ...q, kind: 'mention' }
    case 'unattended':
    case 'participating':
      return { ...q, kind: folder.kind }
    default:
      return q
  }
}

/** The same list with another conversation open, or none. */
export const at = (account: number, folder: Folder, query: LocationQuery, conversation?: number): RouteLocationRaw => {
  const kept = { ...query }
  delete kept.messageId
  return { path: pathOf(account, folder, conversation), query: kept }
}
