import { defineStore } from 'pinia'
import { computed, shallowRef, type ShallowRef } from 'vue'
import { api, type Schema } from '@/api/client'
import { useEvent, useResync } from '@/realtime/events'

export type Agent = Schema<'Agent'>
export type Inbox = Schema<'Inbox'>
export type Team = Schema<'Team'>
export type Label = Schema<'Label'>
export type CannedResponse = Schema<'CannedResponse'>
export type CustomAttribute = Schema<'CustomAttribute'>

/**
 * What every screen of an account names: its agents, inboxes, teams, labels, custom
 * attributes. Read once, again when the server says that it changed.
 */
export const useDirectory = defineStore('directory', () => {
  const account = shallowRef(0)
  const agents = shallowRef<readonly Agent[]>([])
  const inboxes = shallowRef<readonly Inbox[]>([])
  const teams = shallowRef<readonly Team[]>([])
  const labels = shallowRef<readonly Label[]>([])
  const attributes = shallowRef<readonly CustomAttribute[]>([])
  /** All was read at least once. */
  const ready = shallowRef(false)

  const readers = {
    agent: async (account_id: number) => keep(agents, account_id, await api('get', '/api/v1/accounts/{account_id}/agents', { path: { account_id } })),
    inbox: async (account_id: number) => keep(inboxes, account_id, (await api('get', '/api/v1/accounts/{account_id}/inboxes', { path: { account_id } })).payload),
    team: async (account_id: number) => keep(teams, account_id, await api('get', '/api/v1/accounts/{account_id}/teams', { path: { account_id } })),
    label: async (account_id: number) => keep(labels, account_id, (await api('get', '/api/v1/accounts/{account_id}/labels', { path: { account_id } })).payload),
    attribute: async (account_id: number) =>
      keep(attributes, account_id, await api('get', '/api/v1/accounts/{account_id}/custom_attribute_definitions', { path: { account_id } })),
  }
  type Kind = keyof typeof readers

  // An answer for an account that was left meanwhile is nobody's.
  function keep<T>(target: ShallowRef<readonly T[]>, of: number, list: readonly T[]): void {
    if (of === account.value) target.value = list
  }

  /** Reads one kind again, after a change of one's own. */
  const reload = (kind: Kind) => readers[kind](account.value)

  async function open(id: number): Promise<void> {
    if (account.value === id && ready.value) return
    if (account.value !== id) {
      account.value = id
      ready.value = false
      for (const list of [agents, inboxes, teams, labels, attributes]) list.value = []
    }
    await Promise.all((Object.keys(readers) as Kind[]).map(reload))
    if (account.value === id) ready.value = true
  }

  useEvent('account.cache_invalidated', (e) => {
    if (e.account_id !== account.value) return
    for (const kind of Object.keys(e.cache_keys)) if (kind in readers) void reload(kind as Kind).catch(() => {})
  })
  useResync(() => {
    if (account.value) for (const kind of Object.keys(readers) as Kind[]) void reload(kind).catch(() => {})
  })

  const byId = <T extends { id: number }>(list: ShallowRef<readonly T[]>) => computed(() => new Map(list.value.map((x) => [x.id, x])))
  const agentOf = byId(agents)
  const inboxOf = byId(inboxes)
  const teamOf = byId(teams)
  const labelOf = computed(() => new Map(labels.value.map((l) => [l.title, l])))

  return { account, ready, agents, inboxes, teams, labels, attributes, agentOf, inboxOf, teamOf, labelOf, open, reload }
})
