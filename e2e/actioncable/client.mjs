// The public ActionCable client against the program: it subscribes as an agent and as
// a contact, learns who is there, sees a message arrive, and connects again when the
// server goes and comes back.
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import WebSocket from 'ws'

// What the client expects of a browser besides the socket.
globalThis.addEventListener = () => {}
globalThis.removeEventListener = () => {}
globalThis.document = { visibilityState: 'visible' }
const ActionCable = await import('@rails/actioncable')
ActionCable.adapters.WebSocket = WebSocket

const binary = process.env.TRIBUTARY ?? fileURLToPath(new URL('../../bin/tributary', import.meta.url))
const patience = 60_000

const freePort = () =>
  new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })

const dir = await mkdtemp(join(tmpdir(), 'tributary-actioncable-'))
const port = await freePort()
const url = `http://127.0.0.1:${port}`
const env = { PATH: process.env.PATH ?? '', HOME: dir, DATA_DIR: join(dir, 'data'), PORT: String(port), LOG_LEVEL: 'warn' }

async function serve() {
  const child = spawn(binary, ['serve'], { env, cwd: dir, stdio: ['ignore', 'inherit', 'inherit'] })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const until = Date.now() + patience
  while (!(await fetch(`${url}/readyz`).then((r) => r.ok, () => false))) {
    assert.equal(child.exitCode, null, 'the program does not start')
    assert.ok(Date.now() < until, 'the program is not ready')
    await new Promise((r) => setTimeout(r, 50))
  }
  return async () => {
    child.kill('SIGTERM')
    await ended
  }
}

/** What a subscription hears, to be waited for. */
class Heard {
  list = []
  waiting = []

  push(event) {
    this.list.push(event)
    this.waiting = this.waiting.filter((w) => !w(event))
  }

  until(name, right = () => true) {
    const had = this.list.find((e) => e.event === name && right(e.data))
    if (had) return Promise.resolve(had.data)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${name} was not heard, but ${this.list.map((e) => e.event)}`)), patience)
      this.waiting.push((e) => {
        if (e.event !== name || !right(e.data)) return false
        clearTimeout(timer)
        resolve(e.data)
        return true
      })
    })
  }
}

function subscribe(identifier) {
  const heard = new Heard()
  const consumer = ActionCable.createConsumer(`ws://127.0.0.1:${port}/cable`)
  const subscription = consumer.subscriptions.create(
    { channel: 'RoomChannel', ...identifier },
    {
      connected: ({ reconnected }) => heard.push({ event: reconnected ? 'reconnected' : 'connected' }),
      disconnected: ({ willAttemptReconnect }) => heard.push({ event: 'disconnected', data: willAttemptReconnect }),
      rejected: () => heard.push({ event: 'rejected' }),
      received: (m) => heard.push(m),
    },
  )
  return { heard, consumer, subscription }
}

let stop = await serve()
const consumers = []
try {
  const made = await promisify(execFile)(
    binary,
    ['bootstrap', '--email', 'ada@example.com', '--password', 'A long password, 1', '--account', 'Team', '--json'],
    { env, cwd: dir },
  )
  const token = JSON.parse(made.stdout).api_access_token
  const call = async (method, path, body, headers = {}) => {
    const res = await fetch(url + path, { method, headers: { 'Content-Type': 'application/json', ...headers }, body: body && JSON.stringify(body) })
    const text = await res.text()
    assert.ok(res.ok, `${method} ${path}: ${res.status} ${text}`)
    return text ? JSON.parse(text) : undefined
  }
  const agent = (method, path, body) => call(method, path, body, { api_access_token: token })
  const me = await agent('GET', '/api/v1/profile')
  const account = me.accounts[0].id
  const inbox = await agent('POST', `/api/v1/accounts/${account}/inboxes`, { name: 'Website', channel: { type: 'api' } })
  const side = `/public/api/v1/inboxes/${inbox.inbox_identifier}/contacts`
  const ana = await call('POST', side, { name: 'Ana' })
  const talk = await call('POST', `${side}/${ana.source_id}/conversations`)

  const desk = subscribe({ pubsub_token: me.pubsub_token, account_id: account, user_id: me.id })
  const widget = subscribe({ pubsub_token: ana.pubsub_token })
  const nobody = subscribe({ pubsub_token: 'nobody', account_id: account, user_id: me.id })
  consumers.push(desk.consumer, widget.consumer, nobody.consumer)

  await desk.heard.until('connected')
  await widget.heard.until('connected')
  await nobody.heard.until('rejected')
  const present = await desk.heard.until('presence.update')
  assert.equal(present.account_id, account)
  assert.equal(present.users[me.id], 'online')
  assert.equal((await widget.heard.until('presence.update')).contacts, undefined)
  desk.subscription.perform('update_presence')
  await desk.heard.until('presence.update', (d) => d.contacts[ana.id] === 'online')

  const post = (content) => call('POST', `${side}/${ana.source_id}/conversations/${talk.id}/messages`, { content, echo_id: 'bubble' })
  await post('Are you open on Sunday?')
  for (const who of [desk, widget]) {
    const m = await who.heard.until('message.created', (d) => d.content === 'Are you open on Sunday?')
    assert.equal(m.account_id, account)
    assert.equal(m.echo_id, 'bubble')
    assert.equal(m.conversation_id, talk.id)
  }
  const messages = `/api/v1/accounts/${account}/conversations/${talk.id}/messages`
  await agent('POST', messages, { content: 'Only for us', private: true })
  await agent('POST', messages, { content: 'Yes, from 8 to 13.' })
  await desk.heard.until('message.created', (d) => d.content === 'Only for us')
  await widget.heard.until('message.created', (d) => d.content === 'Yes, from 8 to 13.')
  assert.ok(!widget.heard.list.some((e) => e.data?.content === 'Only for us'), 'the contact heard a note')

  // The server goes; the client comes back by itself.
  await stop()
  assert.equal(await desk.heard.until('disconnected'), true)
  stop = await serve()
  await desk.heard.until('reconnected')
  await post('Still there?')
  await desk.heard.until('message.created', (d) => d.content === 'Still there?')
  console.log(`@rails/actioncable: subscribed, present, ${desk.heard.list.length} events for the agent, ${widget.heard.list.length} for the contact, reconnected`)
} finally {
  for (const c of consumers) c.disconnect()
  await stop()
  await rm(dir, { recursive: true, force: true })
}
