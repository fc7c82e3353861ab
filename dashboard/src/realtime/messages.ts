import type { Subscription } from './cable'

/** Where the live line stands. fallback: it does not come back, screens poll. */
export type LinkState = 'connecting' | 'live' | 'offline'

/** What a page tells its worker. */
export type ToWorker =
  | { kind: 'start'; url: string; lock: string; subscriptions: Subscription[] }
  | { kind: 'wake' }
  | { kind: 'stop' }

/** What a worker tells its page. */
export type FromWorker =
  | { kind: 'frames'; frames: { event: string; data: unknown }[] }
  | { kind: 'state'; state: LinkState; leader: boolean }
  | { kind: 'gap'; since: number }

/** What the leading tab's worker tells the others. */
export type Shared =
  | { kind: 'frame'; event: string; data: unknown }
  | { kind: 'beat'; state: LinkState; heard: number }
  | { kind: 'gap'; since: number }
  | { kind: 'want'; id: string; subscriptions: Subscription[] }
  | { kind: 'gone'; id: string }
