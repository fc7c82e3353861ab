import { computed, onScopeDispose, ref, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from 'vue'
import { api } from '@/api/client'
import { ApiError } from '@/api/errors'
import { useDirectory } from '@/data/directory'
import { useIdentity } from '@/data/identity'
import { useResync } from '@/realtime/events'
import { useConversations } from './conversations'
import { Departures } from './departures'
import { firstBegun, fetchPage, type Counts } from './listPages'
import { compare, keyOf, matches, paramsOf, type Query } from './query'
import type { Conversation } from './types'

export interface ConversationListing {
  /** What is shown, in order. */
  rows: ComputedRef<Conversation[]>
  counts: ShallowRef<Counts | null>
  loading: Ref<boolean>
  error: ShallowRef<ApiError | null>
  /** The first page was read. */
  ready: Ref<boolean>
  /** There are more pages. */
  more: Ref<boolean>
  /** How many changes wait while a person is at a row. */
  waiting: ComputedRef<number>
  next: () => Promise<void>
  reload: () => Promise<void>
  /** While held no row moves. */
  hold: (held: boolean) => void
  apply: () => void
}

/** What was read before, shown at once when one comes back. */
const kept = new Map<string, { ids: readonly number[]; counts: Counts | null; more: boolean; page: number }>()
const keptLists = 20
const countsWait = 2_000

/** A list of conversations that follows its query and what comes live. */
export function useConversationList(query: () => Query): ConversationListing {
  const directory = useDirectory()
  const identity = useIdentity()
  const conversations = useConversations()
  /** The order that the server and the live line say. */
  const ids = shallowRef<readonly number[]>([])
  /** What is shown: the same unless held. */
  const shown = shallowRef<readonly number[]>([])
  const counts = shallowRef<Counts | null>(null)
  const loading = ref(false)
  const ready = ref(false)
  const more = ref(false)
  const error = shallowRef<ApiError | null>(null)
  let page = 0
  let turn = 0
  let meanwhile = new Set<number>()
  let held = false
  let taking = false
  let countTimer: ReturnType<typeof setTimeout> | undefined
  let reloadTimer: ReturnType<typeof setTimeout> | undefined
  const departures = new Departures((id) => set(ids.value.filter((x) => x !== id)))

  const rows = computed(() => shown.value.map((id) => conversations.all.get(id)).filter((c) => c !== undefined))
  const waiting = computed(() => {
    const before = new Set(shown.value)
    const come = ids.value.filter((id) => !before.has(id)).length
    if (come > 0) return come
    return ids.value.some((id, i) => shown.value[i] !== id) ? 1 : 0
  })

  function apply(): void {
    shown.value = ids.value
  }
  function set(next: readonly number[]): void {
    ids.value = next
    if (!held) apply()
  }
  function hold(value: boolean): void {
    held = value
    if (!held) apply()
  }

  const total = () => (counts.value ? { me: counts.value.mine, unassigned: counts.value.unassigned, all: counts.value.all }[query().tab] : 0)

  /** What a page says: only what it changes of rows that are there already has to find its place. */
  function takePage(payload: readonly unknown[]): number[] {
    const there = new Set(ids.value)
    taking = true
    try {
      return payload.map((raw) => {
        const before = conversations.all.get((raw as { id: number }).id)
        const c = conversations.take(raw)
        departures.stay(c.id)
        if (before && before !== c && there.has(c.id)) meanwhile.add(c.id)
        return c.id
      })
    } finally {
      taking = false
    }
  }

  async function readPage(n: number): Promise<void> {
    const mine = ++turn
    loading.value = true
    meanwhile = new Set()
    try {
      const answer = await (firstBegun(directory.account, query(), n) ?? fetchPage(directory.account, query(), n))
      if (mine !== turn) return
      const read = takePage(answer.payload)
      counts.value = answer.counts
      page = n
      const before = n === 1 ? [] : ids.value
      const all = [...new Set([...before, ...read])]
      more.value = read.length > 0 && all.length < (query().filter ? answer.counts.all : total())
      set(all)
      if (n === 1) apply()
      error.value = null
      ready.value = true
      // What came while the answer was on its way may not be in it.
      for (const id of meanwhile) {
        const c = conversations.all.get(id)
        if (c) place(c, undefined)
      }
      keep()
    } catch (e) {
      if (mine === turn) error.value = e instanceof ApiError ? e : new ApiError('server', 0, String(e))
    } finally {
      if (mine === turn) loading.value = false
    }
  }

  function keep(): void {
    const key = keyOf(directory.account, query())
    kept.delete(key)
    kept.set(key, { ids: ids.value, counts: counts.value, more: more.value, page })
    if (kept.size > keptLists) kept.delete(kept.keys().next().value as string)
  }

  const reload = () => readPage(1)
  async function next(): Promise<void> {
    if (!loading.value && more.value) await readPage(page + 1)
  }

  function countSoon(): void {
    if (query().filter) return
    countTimer ??= setTimeout(() => {
      countTimer = undefined
      const mine = turn
      api('get', '/api/v1/accounts/{account_id}/conversations/meta', { path: { account_id: directory.account }, query: paramsOf(query()) as never })
        .then(({ meta }) => {
          if (mine === turn) counts.value = { mine: meta.mine_count, unassigned: meta.unassigned_count, all: meta.all_count }
        })
        .catch(() => {})
    }, countsWait)
  }

  /** The first page again when it is quiet; rows that somebody is at stay as they are. */
  function reloadSoon(): void {
    reloadTimer ??= setTimeout(() => {
      reloadTimer = undefined
      if (held) reloadSoon()
      else void reload()
    }, countsWait)
  }

  /** Puts a conversation where it belongs in the list. */
  function place(c: Conversation, before: Conversation | undefined): void {
    const q = query()
    if (matches(q, c, identity.user?.id ?? 0) !== true) return
    departures.stay(c.id)
    const has = ids.value.includes(c.id)
    const order = compare(q.sort)
    if (has && before && order(before, c) === 0) return
    const others = ids.value.filter((x) => x !== c.id)
    const at = others.findIndex((x) => order(c, conversations.all.get(x) ?? c) < 0)
    // Below everything that is loaded: it comes with its page.
    if (at < 0 && more.value && !has) return
    set(at < 0 ? [...others, c.id] : [...others.slice(0, at), c.id, ...others.slice(at)])
  }

  const stop = conversations.listen((c, before) => {
    if (!ready.value || taking) return
    const q = query()
    const belongs = matches(q, c, identity.user?.id ?? 0)
    countSoon()
    if (belongs === null) {
      // Only the server knows.
      if (!ids.value.includes(c.id)) reloadSoon()
      return
    }
    if (loading.value) meanwhile.add(c.id)
    if (!belongs) return void (ids.value.includes(c.id) && departures.depart(c.id))
    place(c, before)
  })

  const stopMissed = conversations.onMissed(reloadSoon)

  useResync((since) => {
    if (!ready.value) return
    const missed = (Date.now() - since) / 1000
    // All that changed meanwhile, unless that is long ago: then the first page anew.
    if (missed > 900 || query().filter) return void reload()
    const mine = turn
    api('get', '/api/v1/accounts/{account_id}/conversations', {
      path: { account_id: directory.account },
      query: { ...paramsOf(query()), 'status[]': ['all'], assignee_type: 'all', updated_within: Math.ceil(missed) + 60 } as never,
    })
      .then(({ data }) => {
        if (mine === turn) for (const c of data.payload) conversations.take(c)
      })
      .catch(() => void reload())
  })

  watch(
    () => keyOf(directory.account, query()),
    (key) => {
      if (!directory.account) return
      departures.clear()
      const before = kept.get(key)
      ready.value = before !== undefined
      counts.value = before?.counts ?? null
      more.value = before?.more ?? false
      error.value = null
      ids.value = before?.ids.filter((id) => conversations.all.has(id)) ?? []
      apply()
      void reload()
    },
    { immediate: true },
  )
  onScopeDispose(() => {
    stop()
    stopMissed()
    turn++
    clearTimeout(countTimer)
    clearTimeout(reloadTimer)
    departures.clear()
  })
  return { rows, counts, loading, error, ready, more, waiting, next, reload, hold, apply }
}
