import { execFile } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { look, open, startBrowser } from './browser'
import { startProgram, type Program } from './program'
import { onboard, password, signIn } from './steps'

// What an operator does at night: sees what is wrong, finds out why, repairs it.

const run = promisify(execFile)
let dir: string
let program: Program
let browser: Browser
let night: Awaited<ReturnType<typeof open>>
let session: Record<string, string>

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tributary-operator-'))
  // The provider is a port where nobody listens: replies are tried again.
  program = await startProgram({ DATA_DIR: dir, LINE_API_URL: 'http://127.0.0.1:9' })
  browser = await startBrowser()
  night = await open(browser)
})

afterAll(async () => {
  await browser?.close()
  await program?.stop()
  if (dir) await rm(dir, { recursive: true, force: true })
})

/** Changes the database behind the program's back, as nothing but a fault does. */
async function sql(statement: string): Promise<void> {
  const file = join(dir, 'tributary.db')
  const script = 'import sqlite3, sys\nc = sqlite3.connect(sys.argv[1], timeout=20)\nc.execute(sys.argv[2])\nc.commit()'
  await run('sqlite3', ['-cmd', '.timeout 20000', file, statement]).catch(() => run('python3', ['-c', script, file, statement]))
}

async function call(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const r = await fetch(program.url + path, {
    method,
    headers: { 'Content-Type': 'application/json', ...session },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  expect(r.ok, `${method} ${path}: ${r.status}`).toBe(true)
  const text = await r.text()
  return text ? JSON.parse(text) : {}
}

async function deliver(texts: readonly string[]): Promise<void> {
  for (const [i, text] of texts.entries()) {
    const body = JSON.stringify({
      destination: 'U0',
      events: [
        {
          type: 'message',
          webhookEventId: `01${text}${i}`,
          timestamp: Date.now(),
          replyToken: `reply-${i}`,
          source: { type: 'user', userId: `U${'0'.repeat(31)}${i}` },
          message: { id: `${Date.now()}${i}`, type: 'text', text },
          deliveryContext: { isRedelivery: false },
          mode: 'active',
        },
      ],
    })
    const signature = createHmac('sha256', 'channel secret').update(body).digest('base64')
    const r = await fetch(`${program.url}/webhooks/line/4711`, { method: 'POST', body, headers: { 'X-Line-Signature': signature, 'Content-Type': 'application/json' } })
    expect(r.status).toBe(200)
  }
}

async function until(what: string, is: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000
  while (!(await is())) {
    if (Date.now() > end) throw new Error(`waited for ${what}`)
    await new Promise((r) => setTimeout(r, 200))
  }
}

const dead = async () => Number((await call('GET', '/api/v1/operator/events')).total)

test('all is well on a fresh installation', async () => {
  const { page } = night
  await onboard(page, program.url)
  await signIn(page, program.url, 'ada@example.com')
  await page.getByRole('heading', { level: 1, name: /^Welcome/ }).waitFor()
  const r = await fetch(`${program.url}/auth/sign_in`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ email: 'ada@example.com', password }) })
  session = Object.fromEntries(['access-token', 'client', 'uid'].map((h) => [h, r.headers.get(h) ?? '']))
  await page.getByRole('link', { name: 'Operator' }).click()
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
  await page.getByText('Everything works as it should.').waitFor()
  expect(new URL(page.url()).pathname).toBe('/app/operator/overview')
  await look(page, 'operator-overview-good')
  await page.getByRole('link', { name: 'Dead letters' }).first().click()
  await page.getByText('No dead letters').waitFor()
  await look(page, 'operator-letters-none')
  await page.getByRole('navigation', { name: 'Operator' }).getByRole('link', { name: 'Channels' }).click()
  await page.getByText('No inboxes').waitFor()
})

test('dead letters are seen, with what they died of', async () => {
  const { page } = night
  await call('POST', '/api/v1/accounts/1/inboxes', {
    name: 'Night shop',
    channel: { type: 'line', line_channel_id: '4711', line_channel_secret: 'channel secret', line_channel_token: 'channel token' },
  })
  await sql(`CREATE TRIGGER poison BEFORE INSERT ON messages WHEN NEW.content LIKE '%poison%' BEGIN SELECT RAISE(ABORT, 'poisoned'); END`)
  await deliver(['poison one', 'harmless', 'poison two', 'poison three'])
  await until('three dead letters', async () => (await dead()) === 3)

  await page.goto(`${program.url}/app/operator/overview`)
  await page.getByText('Events that were given up: 3.').waitFor()
  await look(page, 'operator-overview')
  await page.getByRole('region', { name: 'One part needs attention.' }).getByRole('link', { name: /Dead letters/ }).click()
  await page.getByRole('heading', { level: 1, name: 'Dead letters' }).waitFor()
  const group = page.getByRole('link', { name: /poisoned/ })
  await group.click()
  expect(new URL(page.url()).searchParams.get('channel')).toBe('line')
  await look(page, 'operator-letters')

  await page.getByRole('link', { name: 'poison two' }).click()
  await page.getByRole('heading', { level: 2, name: /^Letter / }).waitFor()
  const body = page.getByRole('region', { name: 'Webhook, as it came' })
  await body.getByText('poison two').waitFor()
  expect(await body.textContent()).toContain('"replyToken": "[FILTERED]"')
  await look(page, 'operator-letter')
})

test('one is discarded with a reason, one replayed, and the rest of the group', async () => {
  const { page } = night
  await page.getByRole('button', { name: 'Discard' }).click()
  const dialog = page.getByRole('dialog')
  expect(await dialog.getByRole('button', { name: 'Discard' }).isDisabled()).toBe(true)
  await look(page, 'operator-discard')
  await dialog.getByLabel('Reason').fill('Sent by a test of ours')
  await dialog.getByRole('button', { name: 'Discard' }).click()
  await page.getByText('The letter was discarded.').waitFor()
  await page.getByRole('link', { name: 'poison two' }).waitFor({ state: 'detached' })

  await sql('DROP TRIGGER poison')
  await page.getByRole('link', { name: 'poison one' }).click()
  await page.getByRole('heading', { level: 2, name: /^Letter / }).waitFor()
  // The letter has an address of its own.
  const address = page.url()
  await page.reload()
  await page.getByRole('button', { name: 'Replay', exact: true }).click()
  await page.getByText('The letter is back in the queue.').waitFor()
  await page.getByRole('link', { name: 'poison one' }).waitFor({ state: 'detached' })
  await until('the message', async () => JSON.stringify(await call('GET', '/api/v1/accounts/1/conversations?status=all')).includes('poison one'))

  await page.goto(address)
  await page.getByText('This is not there any more.').or(page.getByText('Resource could not be found')).first().waitFor()
  await page.goto(`${program.url}/app/operator/dead-letters`)
  await page.getByRole('button', { name: 'Replay all' }).click()
  await page.getByRole('heading', { name: 'Replay all 1 dead letters?' }).waitFor()
  await look(page, 'operator-replay')
  await page.getByRole('button', { name: 'Replay 1' }).click()
  await page.getByText('No dead letters').waitFor()
  expect(await dead()).toBe(0)
})

test('replies, inboxes and the queue are looked at', async () => {
  const { page } = night
  await call('POST', '/api/v1/accounts/1/conversations/1/messages', { content: 'Good morning' })
  await fetch(`${program.url}/webhooks/line/4711`, { method: 'POST', body: '{}', headers: { 'X-Line-Signature': 'wrong' } })
  await page.goto(`${program.url}/app/operator/deliveries`)
  await page.getByText('May work later').first().waitFor()
  await page.getByRole('link', { name: 'Night shop' }).click()
  await page.getByRole('link', { name: 'Conversation 1' }).waitFor()
  await look(page, 'operator-deliveries')
  await page.getByRole('link', { name: 'Last attempts' }).click()
  await page.getByRole('link', { name: 'Night shop' }).first().waitFor()
  await look(page, 'operator-attempts')

  await until('the refusal', async () => JSON.stringify(await call('GET', '/api/v1/operator/channels')).includes('"bad":1'))
  await page.getByRole('navigation', { name: 'Operator' }).getByRole('link', { name: 'Channels' }).click()
  await page.getByRole('link', { name: 'Night shop' }).click()
  await page.getByText('Refused: wrong proof').waitFor()
  await look(page, 'operator-channels')

  await page.getByRole('navigation', { name: 'Operator' }).getByRole('link', { name: 'Queue' }).click()
  await page.getByRole('link', { name: 'Partition 3' }).click()
  await page.getByText(/this process/).waitFor()
  expect(new URL(page.url()).searchParams.get('partition')).toBe('3')
  await look(page, 'operator-queue')
  await page.goto(`${program.url}/app/operator/overview`)
  await page.getByText(/^Last hour: /).first().waitFor()
  await page.getByText(/^Replies that are tried again/).waitFor()
  await look(page, 'operator-overview-late')
  expect(night.faults).toEqual([])
})

test('who does not run the installation is not let in', async () => {
  const binary = process.env.TRIBUTARY ?? fileURLToPath(new URL('../../bin/tributary', import.meta.url))
  await run(binary, ['bootstrap', '--email', 'bo@example.com', '--password', password, '--account', 'Bo'], { env: { PATH: process.env.PATH ?? '', DATA_DIR: dir } })
  const other = await open(browser)
  await signIn(other.page, program.url, 'bo@example.com')
  await other.page.waitForURL('**/dashboard')
  expect(await other.page.getByRole('link', { name: 'Operator' }).count()).toBe(0)
  await other.page.goto(`${program.url}/app/operator/dead-letters`)
  await other.page.getByText('You are not permitted to see this').waitFor()
  await look(other.page, 'operator-refused')
  expect(other.faults).toEqual([])
})
