import { defineStore } from 'pinia'
import { shallowReactive } from 'vue'
import { api, type Schema } from '@/api/client'
import { useDirectory, type Agent, type CannedResponse } from '@/data/directory'
import type { Mentionable } from './mentions'

/** How long an answer is good enough not to ask again, in ms. */
const fresh = 60_000

/** What composers look up while one writes: read when first wanted, shown at once afterwards. */
export const useLookups = defineStore('composer', () => {
  const held = shallowReactive(new Map<string, unknown>())
  const readAt = new Map<string, number>()
  const directory = useDirectory()

  /** Reads unless that was done just now; a failure keeps what is held, and the next one asks again. */
  async function want(key: string, read: () => Promise<unknown>): Promise<void> {
    if (Date.now() - (readAt.get(key) ?? 0) < fresh) return
    readAt.set(key, Date.now())
    try {
      held.set(key, await read())
    } catch {
      readAt.delete(key)
    }
  }

  const get = <T>(key: string) => held.get(key) as T | undefined

  return {
    wantCanned: (account: number) =>
      want(`canned ${account}`, () => api('get', '/api/v1/accounts/{account_id}/canned_responses', { path: { account_id: account } })),
    canned: (account: number) => get<CannedResponse[]>(`canned ${account}`),
    /** Who may be named in an inbox's notes: its members and administrators; teams of the account. */
    wantPeople: (account: number, inbox: number) =>
      want(`people ${account} ${inbox}`, async () => {
        const path = { account_id: account }
        return (await api('get', '/api/v1/accounts/{account_id}/assignable_agents', { path, query: { 'inbox_ids[]': [String(inbox)] } })).payload
      }),
    people: (account: number, inbox: number): Mentionable[] => [
      ...(get<Agent[]>(`people ${account} ${inbox}`) ?? []).map((a) => ({ kind: 'user' as const, id: a.id, name: a.name || a.available_name, avatar: a.thumbnail })),
      ...directory.teams.map((x) => ({ kind: 'team' as const, id: x.id, name: x.name })),
    ],
    wantContact: (account: number, id: number) =>
      want(`contact ${account} ${id}`, async () => (await api('get', '/api/v1/accounts/{account_id}/contacts/{id}', { path: { account_id: account, id } })).payload),
    contact: (account: number, id: number) => get<Schema<'Contact'>>(`contact ${account} ${id}`),
    agents: (account: number, inbox: number) => get<Agent[]>(`people ${account} ${inbox}`) ?? [],
  }
})
