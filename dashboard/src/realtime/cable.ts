/**
 * The wire of /cable: one connection with a subscription for each account. It
 * connects for ever, at once when woken, and says when the line was last known
 * to be good. Runs in a worker, whose timers browsers do not slow down.
 */
export interface Subscription {
  account_id: number
  user_id: number
  pubsub_token: string
}

export interface CableEvents {
  /** Frames of data, as they came. */
  frame: (event: string, data: unknown) => void
  /** Every subscription is confirmed. gap: the last moment (ms since 1970) of which all was heard; 0 at the first time. */
  live: (gap: number) => void
  lost: () => void
}

export interface Clock {
  now: () => number
  after: (ms: number, f: () => void) => number
  cancel: (timer: number) => void
  random: () => number
}

export const realClock: Clock = {
  now: () => Date.now(),
  after: (ms, f) => setTimeout(f, ms) as unknown as number,
  cancel: (timer) => clearTimeout(timer),
  random: () => Math.random(),
}

/** The server pings every 3 s; after two missed ones the line counts as dead. */
const silence = 6_000
/** Presence lives 20 s in the server. */
const presence = 15_000
const longest = 30_000

const identifierOf = (s: Subscription) =>
  JSON.stringify({ channel: 'RoomChannel', pubsub_token: s.pubsub_token, account_id: s.account_id, user_id: s.user_id })

export class Cable {
  private socket: WebSocket | null = null
  private wanted: readonly Subscription[] = []
  private confirmed = new Set<string>()
  private lastHeard = 0
  private gap = 0
  private failures = 0
  private isLive = false
  private stopped = false
  private watch: number | undefined
  private retry: number | undefined
  private beat: number | undefined

  constructor(
    private readonly url: string,
    private readonly on: CableEvents,
    private readonly clock: Clock = realClock,
    private readonly open: (url: string) => WebSocket = (u) => new WebSocket(u, ['actioncable-v1-json', 'actioncable-unsupported']),
  ) {}

  /** Subscribes to exactly these; connects where it is not connected. */
  want(subscriptions: readonly Subscription[]): void {
    const before = new Set(this.wanted.map(identifierOf))
    const after = new Set(subscriptions.map(identifierOf))
    this.wanted = subscriptions
    // While it waits to come again it goes on waiting: only `wake` makes that shorter.
    if (!this.socket) return this.retry === undefined ? this.connect() : undefined
    if (this.socket.readyState !== 1) return
    for (const id of before) if (!after.has(id)) this.command('unsubscribe', id)
    for (const id of after) if (!before.has(id)) this.command('subscribe', id)
  }

  /** The network or the machine came back: what is dead is noticed and replaced now, not in a while. */
  wake(): void {
    if (this.stopped) return
    if (!this.socket) {
      this.failures = 0
      this.connect()
    } else if (this.clock.now() - this.lastHeard > silence) this.drop()
  }

  stop(): void {
    this.stopped = true
    this.drop()
    this.clock.cancel(this.retry ?? 0)
  }

  private connect(): void {
    if (this.stopped || this.socket || this.wanted.length === 0) return
    this.clock.cancel(this.retry ?? 0)
    this.retry = undefined
    const socket = this.open(this.url)
    this.socket = socket
    this.confirmed = new Set()
    socket.onmessage = (e: MessageEvent<string>) => {
      if (this.socket === socket) this.hear(e.data)
    }
    socket.onclose = () => {
      if (this.socket === socket) this.drop()
    }
    this.listen()
  }

  private listen(): void {
    this.clock.cancel(this.watch ?? 0)
    this.watch = this.clock.after(silence, () => this.drop())
  }

  private drop(): void {
    const socket = this.socket
    this.socket = null
    this.clock.cancel(this.watch ?? 0)
    this.clock.cancel(this.beat ?? 0)
    if (socket) {
      socket.onmessage = socket.onclose = null
      socket.close()
    }
    if (this.isLive) {
      this.isLive = false
      this.gap = this.lastHeard
    }
    this.on.lost()
    if (this.stopped) return
    const wait = Math.min(longest, 1_000 * 2 ** this.failures) * (0.5 + this.clock.random() / 2)
    this.failures++
    this.clock.cancel(this.retry ?? 0)
    this.retry = this.clock.after(wait, () => this.connect())
  }

  private hear(text: string): void {
    this.lastHeard = this.clock.now()
    this.listen()
    const frame = JSON.parse(text) as { type?: string; identifier?: string; message?: { event?: string; data?: unknown }; reconnect?: boolean }
    switch (frame.type) {
      case 'welcome':
        for (const s of this.wanted) this.command('subscribe', identifierOf(s))
        return
      case 'confirm_subscription':
        this.confirmed.add(frame.identifier ?? '')
        return this.becomeLive()
      case 'disconnect':
        return this.drop()
      case undefined:
        if (frame.message?.event) this.on.frame(frame.message.event, frame.message.data)
    }
  }

  private becomeLive(): void {
    if (this.isLive || !this.wanted.every((s) => this.confirmed.has(identifierOf(s)))) return
    this.isLive = true
    this.failures = 0
    this.pulse()
    this.on.live(this.gap)
  }

  private pulse(): void {
    this.beat = this.clock.after(presence, () => {
      for (const s of this.wanted) this.command('message', identifierOf(s), JSON.stringify({ action: 'update_presence' }))
      this.pulse()
    })
  }

  private command(command: string, identifier: string, data?: string): void {
    this.socket?.send(JSON.stringify({ command, identifier, ...(data === undefined ? {} : { data }) }))
  }
}
