import { api, type Schema } from '@/api/client'

export type Contact = Schema<'Contact'>
export type Segment = Schema<'CustomFilter'>
export type Import = Schema<'ContactImport'>
/** One condition of the API's flat filter grammar. */
export type Conditions = readonly Record<string, unknown>[]

/** What a list of contacts shows. */
export interface Wanted {
  view: 'all' | 'active' | 'label' | 'filter'
  label?: string | undefined
  q?: string | undefined
  conditions?: Conditions | undefined
  sort: string
}

export const perPage = 15

// Each view has a call of its own; a blank term is never sent, it would find nothing.
export async function contacts(account_id: number, wanted: Wanted, page: number): Promise<Schema<'ContactList'>> {
  const path = { account_id }
  const query = { page, sort: wanted.sort, include_contact_inboxes: 'false' }
  const labels = wanted.label ? { 'labels[]': [wanted.label] } : {}
  if (wanted.view === 'filter') return api('post', '/api/v1/accounts/{account_id}/contacts/filter', { path, query, body: { payload: wanted.conditions ?? [] } })
  if (wanted.q) return api('get', '/api/v1/accounts/{account_id}/contacts/search', { path, query: { ...query, ...labels, q: wanted.q } })
  if (wanted.view === 'active') return api('get', '/api/v1/accounts/{account_id}/contacts/active', { path, query })
  return api('get', '/api/v1/accounts/{account_id}/contacts', { path, query: { ...query, ...labels } })
}

/** The first hits of a search, for choosing one of them. */
export async function search(account_id: number, q: string): Promise<Contact[]> {
  if (q.trim() === '') return []
  return (await contacts(account_id, { view: 'all', q: q.trim(), sort: 'name' }, 1)).payload
}

export const contact = async (account_id: number, id: number) =>
  (await api('get', '/api/v1/accounts/{account_id}/contacts/{id}', { path: { account_id, id } })).payload

export interface Change {
  name?: string
  email?: string | null
  phone_number?: string | null
  identifier?: string | null
  blocked?: boolean
  additional_attributes?: Record<string, unknown>
  custom_attributes?: Record<string, unknown>
}

export const create = async (account_id: number, body: Change) =>
  (await api('post', '/api/v1/accounts/{account_id}/contacts', { path: { account_id }, body })).payload.contact

export const update = async (account_id: number, id: number, body: Change) =>
  (await api('patch', '/api/v1/accounts/{account_id}/contacts/{id}', { path: { account_id, id }, body })).payload

export const remove = (account_id: number, id: number) => api('delete', '/api/v1/accounts/{account_id}/contacts/{id}', { path: { account_id, id } })

export const dropAttribute = async (account_id: number, id: number, key: string) =>
  (await api('post', '/api/v1/accounts/{account_id}/contacts/{id}/destroy_custom_attributes', { path: { account_id, id }, body: { custom_attributes: [key] } })).payload

export async function uploadAvatar(account_id: number, id: number, file: File): Promise<Contact> {
  const body = new FormData()
  body.append('avatar', file)
  return (await api('patch', '/api/v1/accounts/{account_id}/contacts/{id}', { path: { account_id, id }, body })).payload
}

export const dropAvatar = async (account_id: number, id: number) =>
  (await api('delete', '/api/v1/accounts/{account_id}/contacts/{id}/avatar', { path: { account_id, id } })).payload

export const labels = async (account_id: number, contact_id: number) =>
  (await api('get', '/api/v1/accounts/{account_id}/contacts/{contact_id}/labels', { path: { account_id, contact_id } })).payload

export const setLabels = async (account_id: number, contact_id: number, titles: readonly string[]) =>
  (await api('post', '/api/v1/accounts/{account_id}/contacts/{contact_id}/labels', { path: { account_id, contact_id }, body: { labels: titles } })).payload

export const notes = (account_id: number, contact_id: number) =>
  api('get', '/api/v1/accounts/{account_id}/contacts/{contact_id}/notes', { path: { account_id, contact_id } })

export const addNote = (account_id: number, contact_id: number, content: string) =>
  api('post', '/api/v1/accounts/{account_id}/contacts/{contact_id}/notes', { path: { account_id, contact_id }, body: { note: { content } } })

export const changeNote = (account_id: number, contact_id: number, id: number, content: string) =>
  api('patch', '/api/v1/accounts/{account_id}/contacts/{contact_id}/notes/{id}', { path: { account_id, contact_id, id }, body: { note: { content } } })

export const removeNote = (account_id: number, contact_id: number, id: number) =>
  api('delete', '/api/v1/accounts/{account_id}/contacts/{contact_id}/notes/{id}', { path: { account_id, contact_id, id } })

export const conversations = async (account_id: number, contact_id: number) =>
  (await api('get', '/api/v1/accounts/{account_id}/contacts/{contact_id}/conversations', { path: { account_id, contact_id } })).payload

export const merge = (account_id: number, base_contact_id: number, mergee_contact_id: number) =>
  api('post', '/api/v1/accounts/{account_id}/actions/contact_merge', { path: { account_id }, body: { base_contact_id, mergee_contact_id } })

export const segments = (account_id: number) =>
  api('get', '/api/v1/accounts/{account_id}/custom_filters', { path: { account_id }, query: { filter_type: 'contact' } })

export const saveSegment = (account_id: number, name: string, payload: Conditions) =>
  api('post', '/api/v1/accounts/{account_id}/custom_filters', { path: { account_id }, body: { custom_filter: { name, filter_type: 'contact', query: { payload } } } })

export const changeSegment = (account_id: number, id: number, change: { name?: string; query?: { payload: Conditions } }) =>
  api('patch', '/api/v1/accounts/{account_id}/custom_filters/{id}', { path: { account_id, id }, body: { custom_filter: change } })

export const removeSegment = (account_id: number, id: number) =>
  api('delete', '/api/v1/accounts/{account_id}/custom_filters/{id}', { path: { account_id, id } })

export const exportContacts = (account_id: number, body: { column_names: string[]; label?: string; payload?: Conditions }) =>
  api('post', '/api/v1/accounts/{account_id}/contacts/export', { path: { account_id }, body })

export const imports = async (account_id: number) => (await api('get', '/api/v1/accounts/{account_id}/contacts/imports', { path: { account_id } })).payload

export function importFile(account_id: number, file: File): Promise<null> {
  const body = new FormData()
  body.append('import_file', file)
  return api('post', '/api/v1/accounts/{account_id}/contacts/import', { path: { account_id }, body, timeout: 120_000 })
}

/** The conditions that a segment stores. */
export function conditionsOf(segment: Segment): Conditions {
  const { payload } = segment.query as { payload?: unknown }
  return Array.isArray(payload) ? (payload as Conditions) : []
}
