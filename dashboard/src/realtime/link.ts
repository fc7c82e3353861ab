import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import type { User } from '@/api/types'
import { tell, tellGap } from './events'
import type { FromWorker, LinkState, ToWorker } from './messages'

/** How long a line may be away before screens ask for news by themselves, in ms. */
const patience = 15_000
const poll = 10_000

/** The live line: whether it is there, and what it brings. */
export const useLink = defineStore('link', () => {
  const state = ref<LinkState>('connecting')
  const leader = ref(false)
  /** It has been away for more than three seconds: a person is told. */
  const away = ref(false)
  /** The last moment of which everything was heard, in ms since 1970. */
  const heard = ref(Date.now())
  let worker: Worker | null = null
  let frame = 0
  let waiting: { event: string; data: unknown }[] = []
  let slow: ReturnType<typeof setTimeout> | undefined
  let polling: ReturnType<typeof setInterval> | undefined

  // Frames of one picture are told together: a screen is painted once for all of them.
  function deliver(): void {
    frame = 0
    const batch = waiting
    waiting = []
    for (const f of batch) tell(f.event, f.data)
  }

  function receive(m: FromWorker): void {
    switch (m.kind) {
      case 'frames':
        waiting.push(...m.frames)
        heard.value = Date.now()
        // Hidden pages get no pictures.
        frame ||= document.hidden ? (setTimeout(deliver, 50) as unknown as number) : requestAnimationFrame(deliver)
        return
      case 'gap':
        return tellGap(m.since)
      case 'state':
        leader.value = m.leader
        if (state.value === m.state) return
        state.value = m.state
        clearTimeout(slow)
        clearInterval(polling)
        if (m.state === 'live') {
          away.value = false
          heard.value = Date.now()
          return
        }
        slow = setTimeout(() => (away.value = true), 3_000)
        polling = setInterval(() => {
          if (Date.now() - heard.value > patience && navigator.onLine && !document.hidden) tellGap(heard.value)
        }, poll)
    }
  }

  const send = (m: ToWorker) => worker?.postMessage(m)

  for (const name of ['online', 'focus', 'pageshow']) window.addEventListener(name, () => send({ kind: 'wake' }))
  window.addEventListener('offline', () => {
    if (worker) receive({ kind: 'state', state: 'offline', leader: leader.value })
  })

  /** Listens for an account, as a user. */
  function open(user: User, accountId: number): void {
    if (!worker) {
      worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
      worker.onmessage = (e: MessageEvent<FromWorker>) => receive(e.data)
    }
    const url = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/cable`
    const subscriptions = [{ account_id: accountId, user_id: user.id, pubsub_token: user.pubsub_token }]
    send({ kind: 'start', url, lock: `tributary-cable-${user.id}`, subscriptions })
  }

  function close(): void {
    send({ kind: 'stop' })
    worker = null
    state.value = 'connecting'
    clearTimeout(slow)
    clearInterval(polling)
    away.value = false
  }

  return { state, leader, away, heard, offline: computed(() => state.value === 'offline'), open, close }
})
