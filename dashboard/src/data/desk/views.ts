import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { api, type Schema } from '@/api/client'

export type View = Schema<'CustomFilter'>

const useStore = defineStore('views', () => {
  const account = shallowRef(0)
  const list = shallowRef<readonly View[]>([])
  let reading: { of: number; answer: Promise<void> } | null = null

  async function load(of: number): Promise<void> {
    const read = await api('get', '/api/v1/accounts/{account_id}/custom_filters', { path: { account_id: of }, query: { filter_type: 'conversation' } as never })
    list.value = read
    account.value = of
  }
  /** Reads them once for all who show them. */
  function open(of: number): void {
    if (account.value === of || reading?.of === of) return
    const answer = load(of).catch(() => {}).finally(() => reading?.answer === answer && (reading = null))
    reading = { of, answer }
  }
  return { account, list, load, open }
})

/** The saved lists of a user. */
export function useViews(accountId: number) {
  const store = useStore()
  const path = { account_id: accountId }

  const load = () => store.load(accountId)
  store.open(accountId)

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
