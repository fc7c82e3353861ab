import { api } from '@/api/client'
import { keyOf, paramsOf, type Query } from './query'

export interface Counts {
  mine: number
  unassigned: number
  all: number
}

export interface Answer {
  payload: readonly unknown[]
  counts: Counts
}

/** One page of a list, and what is on all of them. */
export async function fetchPage(account_id: number, q: Query, n: number): Promise<Answer> {
  const path = { account_id }
  if (q.filter) {
    const answer = await api('post', '/api/v1/accounts/{account_id}/conversations/filter', {
      path, query: { page: n }, body: { payload: q.filter } as never,
    })
    const meta = answer.meta as { mine_count: number; unassigned_count: number; all_count: number }
    return { payload: answer.payload, counts: { mine: meta.mine_count, unassigned: meta.unassigned_count, all: meta.all_count } }
  }
  const { data } = await api('get', '/api/v1/accounts/{account_id}/conversations', { path, query: { ...paramsOf(q), page: n } as never })
  return { payload: data.payload, counts: { mine: data.meta.mine_count, unassigned: data.meta.unassigned_count, all: data.meta.all_count } }
}

let early: { key: string; answer: Promise<Answer> } | null = null

/** Asks for the first page before there is a screen to show it, on a first visit: what changes until then is asked for when the line is there. */
export function beginList(account: number, q: Query): void {
  const answer = fetchPage(account, q, 1)
  answer.catch(() => {}) // told by who shows it
  early = { key: keyOf(account, q), answer }
}

/** What was asked for already, once. */
export function firstBegun(account: number, q: Query, n: number): Promise<Answer> | undefined {
  const mine = early
  early = null
  return n === 1 && mine?.key === keyOf(account, q) ? mine.answer : undefined
}
