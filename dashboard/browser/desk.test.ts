import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFailed, test, beforeEach } from 'vitest'
import { customerWrites, makeAgent, makeInbox, messagesOf, onboardByApi, until, type Client, type MadeInbox } from './api'
import { look, open, startBrowser } from './browser'
import { startProgram, type Program } from './program'
import { startStand, type Stand } from './stand'
import { signIn } from './steps'

// An agent's day at the desk, against the real program and the simulated providers.

let stand: Stand
let program: Program
let browser: Browser
let admin: Client
let bo: Client
let inbox: MadeInbox
let seat: Awaited<ReturnType<typeof open>>
let page: Page

beforeAll(async () => {
  stand = await startStand()
  program = await startProgram(stand.settings)
  await stand.serves(program)
  admin = await onboardByApi(program)
  bo = await makeAgent(program, admin, { name: 'Bo Berg', email: 'bo@example.com' })
  inbox = await makeInbox(stand, program, admin, 'telegram', [bo])
  // The customer's next message belongs to the same conversation, resolved or not.
  await admin.at('patch', `inboxes/${inbox.id}`, { lock_to_single_conversation: true })
  await admin.at('post', 'labels', { title: 'vip', color: '#0b5cad', description: 'Very important', show_on_sidebar: true })
  await admin.at('post', 'canned_responses', { short_code: 'hours', content: 'We are here from 9 to 5, {{contact.name}}.' })
  browser = await startBrowser()
  seat = await open(browser)
  page = seat.page
})

afterAll(async () => {
  await browser?.close()
  await program?.stop()
  await stand?.stop()
})

// What was there when it went wrong.
beforeEach(() => onTestFailed(async () => void (process.env.SCREENSHOTS && (await page.screenshot({ path: `${process.env.SCREENSHOTS}/failed.png` })))))

const row = (name: string) => page.getByRole('list', { name: 'Conversations' }).getByRole('link', { name })

test('a customer writes, and the list shows it without reload', async () => {
  await signIn(page, program.url, 'bo@example.com')
  await page.getByText('Nothing here').waitFor()
  await look(page, 'desk-empty')
  await customerWrites(stand, bo, inbox, 'Hello, when do you open?', { person: 1, name: 'Ann Lee' })
  await row('Ann Lee').waitFor()
  await look(page, 'desk-list')
})

test('she is answered by the keyboard alone', async () => {
  await page.keyboard.press('j')
  await page.getByRole('log').getByText('Hello, when do you open?').waitFor()
  await page.keyboard.press('r')
  await page.keyboard.type('Good morning!')
  await page.keyboard.press('Enter')
  await page.getByRole('log').getByText('Good morning!').waitFor()
  const sent = await stand.do('wait_sent', { channel: inbox.channel, text: 'Good morning!', n: 1 })
  expect(sent).toBeTruthy()
  await page.getByTitle('Accepted by the provider').waitFor()
  await look(page, 'desk-thread')
})

const log = () => page.getByRole('log')
const reply = () => page.getByRole('textbox', { name: /^(Reply|Write a reply|Private note|Write a note)/ })

test('she takes it, labels it, notes something for a colleague', async () => {
  await page.keyboard.press('Escape')
  await page.keyboard.press('i')
  await page.getByRole('button', { name: 'Assigned to Bo Berg' }).waitFor()
  await page.keyboard.press('l')
  await page.keyboard.type('vip')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Escape')
  await until('the label is stored', async () => (await bo.at<{ payload: string[] }>('get', 'conversations/1/labels')).payload.includes('vip'))
  await page.keyboard.press('n')
  await page.keyboard.type('Please look, @Ada')
  await page.getByRole('option', { name: /Ada/ }).waitFor()
  await page.keyboard.press('Enter')
  await look(page, 'desk-note')
  await page.keyboard.press('Enter')
  await log().getByText('Please look,').waitFor()
  const stored = await until('the note is stored', async () => (await messagesOf(bo, 1)).find((m) => m.private))
  expect(stored.content).toMatch(/\[@Ada\]\(mention:\/\/user\/\d+\/Ada\)/)
  // Nothing of it goes to the customer.
  expect(await stand.do('sent', { channel: inbox.channel, text: 'Please look' })).toEqual([])
})

test('a canned response and a picture', async () => {
  await page.keyboard.press('Escape')
  await page.keyboard.press('r')
  await page.keyboard.type('/hours')
  await page.getByRole('option', { name: /hours/ }).waitFor()
  await look(page, 'desk-canned')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Enter')
  await log().getByText('We are here from 9 to 5, Ann Lee.').waitFor()
  await page.locator('input[type=file]').first().setInputFiles({ name: 'map.png', mimeType: 'image/png', buffer: Buffer.from(png, 'base64') })
  await page.getByText('map.png').waitFor()
  await look(page, 'desk-file')
  await reply().focus()
  await page.keyboard.press('Enter')
  await log().getByRole('button', { name: /Open the picture/ }).waitFor()
})

test('it is snoozed and comes back, resolved and reopened by the customer', async () => {
  await page.keyboard.press('Escape')
  // On a machine that has much to do, what is written comes before the field that it is for.
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: 20 })
  const keys = ['s', ...'tomorrow 9', 'Enter'].map((key) => page.keyboard.press(key))
  await Promise.all(keys)
  await page.getByText('Conversation with Ann Lee is snoozed').waitFor()
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: 1 })
  await page.keyboard.press('z')
  await page.getByRole('heading', { level: 1, name: /Ann Lee/ }).waitFor()
  await until('it is open again', async () => (await bo.at<{ status: string }>('get', 'conversations/1')).status === 'open')
  await page.keyboard.press('e')
  await until('it is resolved', async () => (await bo.at<{ status: string }>('get', 'conversations/1')).status === 'resolved')
  await page.getByRole('button', { name: 'Reopen' }).waitFor()
  await customerWrites(stand, bo, inbox, 'One more thing', { person: 1 })
  await log().getByText('One more thing').waitFor()
  await page.getByRole('button', { name: 'Resolve' }).waitFor()
})

test('a message that the provider refuses says why and is tried again', async () => {
  await stand.do('fail', { channel: inbox.channel, text: 'Forbidden: bot was blocked by the user', code: 403 })
  await page.keyboard.press('r')
  await page.keyboard.type('Are you there?')
  await page.keyboard.press('Enter')
  await page.getByRole('group', { name: 'Not delivered.' }).getByText(/blocked by the user/).waitFor()
  await look(page, 'desk-failed')
  await stand.do('heal', { channel: inbox.channel })
  await page.getByRole('button', { name: 'Try again' }).click()
  await until('it is delivered', async () => (await stand.do('sent', { channel: inbox.channel, text: 'Are you there?', accepted: true })).length === 1)
  await page.getByRole('group', { name: 'Not delivered.' }).waitFor({ state: 'detached' })
})

test('offline and back: what was written is sent, what was missed is there', async () => {
  await seat.context.setOffline(true)
  await page.getByText(/You are offline/).waitFor()
  await reply().focus()
  for (const text of ['first of three', 'second of three', 'third of three']) {
    await page.keyboard.type(text)
    await page.keyboard.press('Enter')
    await log().getByText(text).waitFor()
  }
  await look(page, 'desk-offline')
  await customerWrites(stand, bo, inbox, 'While you were away', { person: 1 })
  await customerWrites(stand, bo, inbox, 'Somebody new', { person: 2, name: 'Cy Dee' })
  await seat.context.setOffline(false)
  await log().getByText('While you were away').waitFor()
  await row('Cy Dee').waitFor()
  await stand.do('wait_sent', { channel: inbox.channel, text: 'third of three', n: 1 })
  const texts = (await messagesOf(bo, 1)).map((m) => m.content).filter((t) => / of three$/.test(t ?? ''))
  expect(texts).toEqual(['first of three', 'second of three', 'third of three'])
  await page.getByText(/You are offline/).waitFor({ state: 'detached' })
  seat.faults.length = 0 // the browser's own words about a network that was taken away
})

test('three tabs, one connection; the next leads when the first is closed', async () => {
  const others = await Promise.all([seat.context.newPage(), seat.context.newPage()])
  for (const p of others) {
    await p.goto(`${program.url}/app/accounts/1/conversations/1`)
    await p.getByRole('log').getByText('One more thing').waitFor()
  }
  await customerWrites(stand, bo, inbox, 'To all tabs', { person: 1 })
  for (const p of [page, ...others]) await p.getByRole('log').getByText('To all tabs').waitFor()
  expect(await sockets()).toBe(1)
  await page.close()
  page = others[0]!
  await customerWrites(stand, bo, inbox, 'To those that are left', { person: 1 })
  for (const p of others) await p.getByRole('log').getByText('To those that are left').waitFor()
  expect(await sockets()).toBe(1)
  await others[1]!.close()
})

test('nothing typed is lost, and nothing typed goes to somebody else', async () => {
  await row('Ann Lee').click()
  await page.keyboard.press('r')
  await page.keyboard.type('half a sentence for Ann')
  await row('Cy Dee').click()
  await page.getByRole('heading', { level: 1, name: /Cy Dee/ }).waitFor()
  expect(await reply().inputValue()).toBe('')
  await page.reload()
  await row('Ann Lee').click()
  await page.getByRole('heading', { level: 1, name: /Ann Lee/ }).waitFor()
  await until('the draft is back', async () => (await reply().inputValue()) === 'half a sentence for Ann')
  await reply().fill('')
})

test('lists are filtered, kept as a view, and changed together', async () => {
  await page.goto(`${program.url}/app/accounts/1/dashboard`)
  await row('Ann Lee').waitFor()
  await page.keyboard.press('f')
  await page.getByRole('dialog', { name: 'Filter' }).waitFor()
  await look(page, 'desk-filter')
  await page.keyboard.press('Escape')
  await page.getByRole('checkbox', { name: 'Select the conversation with Ann Lee' }).check()
  await page.keyboard.press('Shift+X')
  await page.getByText('2 selected').waitFor()
  await look(page, 'desk-bulk')
  await page.getByRole('toolbar').getByRole('button', { name: 'Status' }).click()
  await page.getByRole('menuitem', { name: 'Resolve' }).click()
  await page.getByText('Changed: 2').waitFor()
  await page.getByText('Nothing here').waitFor()
})

test('panel, palette and the sheet of keys', async () => {
  await page.goto(`${program.url}/app/accounts/1/conversations/1`)
  await page.getByRole('heading', { level: 1, name: /Ann Lee/ }).waitFor()
  if (!(await page.getByRole('complementary', { name: 'Details' }).isVisible())) await page.keyboard.press('d')
  await page.getByRole('complementary', { name: 'Details' }).waitFor()
  await look(page, 'desk-panel')
  await page.keyboard.press('Control+k')
  await page.getByRole('dialog', { name: 'Search and commands' }).waitFor()
  await page.keyboard.type('Cy')
  await page.getByRole('option', { name: /Cy Dee/ }).first().waitFor()
  await look(page, 'palette')
  await page.keyboard.press('Escape')
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
  await look(page, 'keys')
  expect(seat.faults).toEqual([])
})

test('what waits for Undo is done when the page is closed', async () => {
  // Resolving sends a survey here: the call waits, since a survey cannot be taken back.
  await admin.at('patch', `inboxes/${inbox.id}`, { csat_survey_enabled: true })
  const conversation = async () => (await bo.at<{ status: string }>('get', 'conversations/1')).status
  await bo.at('post', 'conversations/1/toggle_status', { status: 'open' })
  await page.goto(`${program.url}/app/accounts/1/conversations/1`)
  await page.getByRole('button', { name: 'Resolve' }).waitFor()
  await page.keyboard.press('e')
  await page.getByRole('button', { name: 'Undo' }).waitFor()
  expect(await conversation()).toBe('open')
  await page.goto('about:blank')
  await until('it is resolved', async () => (await conversation()) === 'resolved')
})

test('a conversation that is left unread stays so', async () => {
  await page.goto(`${program.url}/app/accounts/1/conversations/1`)
  await page.getByRole('heading', { level: 1, name: /Ann Lee/ }).waitFor()
  await page.keyboard.press('u')
  await page.waitForURL('**/dashboard**')
  await until('it is unread', async () => (await bo.at<{ unread_count: number }>('get', 'conversations/1')).unread_count > 0)
})

/** How many sockets the server holds. */
async function sockets(): Promise<number> {
  const text = await fetch(`${program.url}/metrics`).then((r) => r.text())
  return Number(/^tributary_live_sockets (\d+)/m.exec(text)?.[1] ?? -1)
}

const png = 'iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAYAAACNMs+9AAAAFUlEQVR42mP8z8BQz0AEYBxVSF+FABJADveWkH6oAAAAAElFTkSuQmCC'
