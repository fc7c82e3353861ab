import { Cable, type Subscription } from './cable'
import type { FromWorker, LinkState, Shared, ToWorker } from './messages'

// One of these runs for every tab; the one that holds the lock of the browser holds
// the connection, for all. The others hear it through the channel. A leader that is
// silent for five seconds (frozen, not closed) loses the lock to the next.

const beatEvery = 2_000
const beatMissing = 5_000

const id = crypto.randomUUID()
const post = (m: FromWorker) => self.postMessage(m)

let channel: BroadcastChannel | null = null
let cable: Cable | null = null
let state: LinkState = 'connecting'
/** Until the line is there nothing is heard: what changes since the page began is a gap, too. */
let heard = Date.now()
let lastBeat = 0
let lock = ''
let url = ''
let own: Subscription[] = []
let asked = false
/** What the other tabs want, by their id, and when they last said so. */
const others = new Map<string, { subscriptions: Subscription[]; at: number }>()

function share(m: Shared): void {
  channel?.postMessage(m)
}

function say(next: LinkState): void {
  state = next
  post({ kind: 'state', state, leader: cable !== null })
}

/** All that any tab wants, once. */
function wanted(): Subscription[] {
  const all = new Map<string, Subscription>()
  for (const s of [...own, ...[...others.values()].flatMap((o) => o.subscriptions)]) all.set(`${s.account_id} ${s.pubsub_token}`, s)
  return [...all.values()]
}

function lead(): Promise<void> {
  return new Promise((_, reject) => {
    abdicate = reject
    cable = new Cable(url, {
      frame: (event, data) => {
        heard = Date.now()
        share({ kind: 'frame', event, data })
        post({ kind: 'frames', frames: [{ event, data }] })
      },
      live: (gap) => {
        say('live')
        beat()
        // A new leader does not know what the one before it heard: the last beat tells.
        const since = gap || heard
        heard = Date.now()
        if (since) {
          share({ kind: 'gap', since })
          post({ kind: 'gap', since })
        }
      },
      lost: () => {
        say(navigator.onLine ? 'connecting' : 'offline')
        beat()
      },
    })
    cable.want(wanted())
    say('connecting')
  })
}

let abdicate: ((reason: Error) => void) | null = null

function beat(): void {
  share({ kind: 'beat', state, heard: state === 'live' ? Date.now() : heard })
}

function stand(steal: boolean): void {
  if (asked && !steal) return
  asked = true
  navigator.locks
    .request(lock, steal ? { steal: true } : {}, lead)
    .catch(() => {
      // taken away: another tab leads, this one listens and stands again
      cable?.stop()
      cable = null
      if (!channel) return // stopped
      lastBeat = Date.now()
      asked = false
      stand(false)
    })
}

setInterval(() => {
  if (!channel) return
  const now = Date.now()
  if (cable) {
    for (const [tab, o] of others) if (now - o.at > 3 * beatMissing) others.delete(tab)
    beat()
    cable.want(wanted())
  } else {
    share({ kind: 'want', id, subscriptions: own })
    if (now - lastBeat > beatMissing) {
      lastBeat = now
      void navigator.locks.query().then((q) => {
        // Held by somebody who is silent: frozen. Nobody holds it: the request is on its way.
        if (!cable && q.held?.some((l) => l.name === lock)) stand(true)
      })
    }
  }
}, beatEvery)

function hear(m: Shared): void {
  switch (m.kind) {
    case 'frame':
      heard = Date.now()
      return post({ kind: 'frames', frames: [{ event: m.event, data: m.data }] })
    case 'gap':
      return post({ kind: 'gap', since: m.since })
    case 'beat':
      lastBeat = Date.now()
      heard = m.heard
      if (!cable && state !== m.state) say(m.state)
      return
    case 'want':
      if (cable) {
        const news = !others.has(m.id)
        others.set(m.id, { subscriptions: m.subscriptions, at: Date.now() })
        cable.want(wanted())
        if (news) beat()
      }
      return
    case 'gone':
      others.delete(m.id)
  }
}

self.onmessage = (e: MessageEvent<ToWorker>) => {
  const m = e.data
  switch (m.kind) {
    case 'start':
      url = m.url
      own = m.subscriptions
      if (!channel) {
        lock = m.lock
        channel = new BroadcastChannel(lock)
        channel.onmessage = (b: MessageEvent<Shared>) => hear(b.data)
        lastBeat = Date.now()
        stand(false)
      }
      if (cable) cable.want(wanted())
      else share({ kind: 'want', id, subscriptions: own })
      return
    case 'wake':
      cable?.wake()
      return post({ kind: 'state', state, leader: cable !== null })
    case 'stop':
      share({ kind: 'gone', id })
      channel?.close()
      channel = null
      cable?.stop()
      abdicate?.(new Error('stopped'))
      self.close()
  }
}
