import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { api, type Schema } from '@/api/client'

export type View = Schema<'CustomFilter'>

const useStore = defineStore('views', () => ({ account: shallowRef(0), list: shallowRef<readonly View[]>([]) }))

/** The saved lists of a user. */
export function useViews(accountId: number) {
  const store = useStore()
  const path = { account_id: accountId }

  async function load(): Promise<void> {
    store.list = await api('get', '/api/v1/accounts/{account_id}/custom_filters', { path, query: { filter_type: 'conversation' } as never })
    store.account = accountId
  }
  if (store.account !== accountId) void load().catch(() => {})

  async function save(name: string, payload: readonly unknown[], id?: number): Promise<View> {
    const body = { name, filter_type: 'conversation', type: 'conversation', query: { payload } } as never
    const view = id
      ? await api('patch', '/api/v1/accounts/{account_id}/custom_filters/{id}', { path: { ...path, id }, body })
      : await api('post', '/api/v1/accounts/{account_id}/custom_filters', { path, body })
    await load()
    return view
  }
  async function remove(id: number): Promise<void> {
    await api('delete', '/api/v1/accounts/{account_id}/custom_filters/{id}', { path: { ...path, id } })
    await load()
  }
  function conditionsOf(id: number): readonly unknown[] | undefined {
    const q = store.list.find((v) => v.id === id)?.query as { payload?: unknown[] } | undefined
    return Array.isArray(q?.payload) ? q.payload : undefined
  }
  return { store, load, save, remove, conditionsOf }
}
