// @vitest-environment node
import { expect, test } from 'vitest'
import { Cable, type Clock } from './cable'

/** A clock that the test moves. */
function clock() {
  let now = 1_000_000
  let next = 1
  const timers = new Map<number, { at: number; f: () => void }>()
  const c: Clock = {
    now: () => now,
    after: (ms, f) => (timers.set(next, { at: now + ms, f }), next++),
    cancel: (t) => void timers.delete(t),
    random: () => 0.999,
  }
  return {
    ...c,
    pass(ms: number) {
      const end = now + ms
      for (;;) {
        const due = [...timers].filter(([, t]) => t.at <= end).sort((a, b) => a[1].at - b[1].at)[0]
        if (!due) break
        timers.delete(due[0])
        now = due[1].at
        due[1].f()
      }
      now = end
    },
  }
}

class Wire {
  readyState = 1
  sent: { command: string; identifier: string; data?: string }[] = []
  onmessage: ((e: { data: string }) => void) | null = null
  onclose: (() => void) | null = null
  closed = false
  send(text: string) {
    this.sent.push(JSON.parse(text) as Wire['sent'][number])
  }
  close() {
    this.closed = true
  }
  says(frame: object) {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }
}

const subscription = { account_id: 1, user_id: 7, pubsub_token: 't' }

function line() {
  const time = clock()
  const wires: Wire[] = []
  const log: string[] = []
  const cable = new Cable('ws://x/cable', {
    frame: (event, data) => log.push(`${event} ${JSON.stringify(data)}`),
    live: (gap) => log.push(gap ? `live after ${time.now() - gap}` : 'live'),
    lost: () => log.push('lost'),
  }, time, () => {
    const w = new Wire()
    wires.push(w)
    return w as unknown as WebSocket
  })
  const welcome = () => {
    const w = wires.at(-1)!
    w.says({ type: 'welcome' })
    for (const s of w.sent.filter((x) => x.command === 'subscribe')) w.says({ type: 'confirm_subscription', identifier: s.identifier })
    return w
  }
  return { time, wires, log, cable, welcome }
}

test('it subscribes, hears, and keeps somebody present', () => {
  const l = line()
  l.cable.want([subscription])
  const w = l.welcome()
  expect(l.log).toEqual(['live'])
  expect(JSON.parse(w.sent[0]!.identifier)).toEqual({ channel: 'RoomChannel', pubsub_token: 't', account_id: 1, user_id: 7 })
  w.says({ identifier: w.sent[0]!.identifier, message: { event: 'message.created', data: { id: 1 } } })
  expect(l.log.at(-1)).toBe('message.created {"id":1}')
  for (let i = 0; i < 6; i++) {
    l.time.pass(3_000)
    w.says({ type: 'ping', message: 1 })
  }
  expect(w.sent.filter((s) => s.command === 'message').map((s) => s.data)).toEqual(['{"action":"update_presence"}'])
  l.cable.want([subscription, { ...subscription, account_id: 2 }])
  expect(w.sent.at(-1)).toMatchObject({ command: 'subscribe' })
  l.cable.want([subscription])
  expect(w.sent.at(-1)).toMatchObject({ command: 'unsubscribe' })
})

test('a silent line is dead after six seconds, and the gap is from the last that was heard', () => {
  const l = line()
  l.cable.want([subscription])
  const w = l.welcome()
  l.time.pass(2_000)
  w.says({ type: 'ping' })
  l.time.pass(5_999)
  expect(w.closed).toBe(false)
  l.time.pass(1)
  expect(w.closed).toBe(true)
  expect(l.log.at(-1)).toBe('lost')
  l.time.pass(1_000)
  expect(l.wires).toHaveLength(2)
  l.welcome()
  expect(l.log.at(-1)).toBe('live after 7000')
})

test('it tries for ever: 1, 2, 4 … 30 seconds, and at once when woken', () => {
  const l = line()
  l.cable.want([subscription])
  const waits: number[] = []
  for (let i = 0; i < 8; i++) {
    const n = l.wires.length
    l.wires.at(-1)!.onclose!()
    let waited = 0
    while (l.wires.length === n) {
      l.time.pass(500)
      waited += 500
    }
    waits.push(waited / 1_000)
  }
  expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30, 30])
  // Who asks for the same again meanwhile does not hurry it: all browsers would come at once.
  const before = l.wires.length
  l.wires.at(-1)!.onclose!()
  for (let i = 0; i < 10; i++) {
    l.time.pass(2_000)
    l.cable.want([subscription])
  }
  expect(l.wires).toHaveLength(before)
  l.time.pass(10_000)
  expect(l.wires).toHaveLength(before + 1)
  l.wires.at(-1)!.onclose!()
  const n = l.wires.length
  l.cable.wake()
  expect(l.wires).toHaveLength(n + 1)
})

test('the server may ask to come again; a line that was stopped does not', () => {
  const l = line()
  l.cable.want([subscription])
  l.welcome().says({ type: 'disconnect', reason: 'server_restart', reconnect: true })
  l.time.pass(1_000)
  expect(l.wires).toHaveLength(2)
  l.cable.stop()
  l.time.pass(120_000)
  expect(l.wires).toHaveLength(2)
})
