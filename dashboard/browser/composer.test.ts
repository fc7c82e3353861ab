import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { conversationWith, customerWrites, makeAgent, makeInbox, messagesOf, onboardByApi, replyTo, until, type Client, type MadeInbox } from './api'
import { look, open, startBrowser } from './browser'
import { startProgram, type Program } from './program'
import { startStand, type Stand } from './stand'
import { signIn } from './steps'

// An agent answers: what is written reaches the customer it was written to.

let stand: Stand
let program: Program
let browser: Browser
let admin: Client
let bo: Client
let whatsApp: MadeInbox
let desk: Awaited<ReturnType<typeof open>>
let page: Page

const templates = [
  {
    id: '1', name: 'order_ready', language: 'en_US', status: 'APPROVED', category: 'UTILITY', parameter_format: 'POSITIONAL',
    components: [
      { type: 'BODY', text: 'Hello {{1}}, your order {{2}} is *ready*.', example: { body_text: [['Ana', 'A-17']] } },
      { type: 'FOOTER', text: 'Acme, Main Street 1' },
      { type: 'BUTTONS', buttons: [{ type: 'URL', text: 'Track it', url: 'https://acme.example/o/{{1}}', example: ['A-17'] }, { type: 'QUICK_REPLY', text: 'Thanks' }] },
    ],
  },
  { id: '2', name: 'spring_sale', language: 'de', status: 'REJECTED', category: 'MARKETING', components: [{ type: 'BODY', text: 'Alles muss raus!' }] },
  { id: '3', name: 'menu_of_the_week', language: 'en_US', status: 'APPROVED', category: 'MARKETING', components: [{ type: 'HEADER', format: 'IMAGE' }, { type: 'BODY', text: 'This week at Acme' }] },
]

const text = () => page.getByRole('textbox', { name: 'Reply to the customer' })
async function show(conversation: number): Promise<void> {
  await page.goto(`${program.url}/app/accounts/${admin.account}/conversations/${conversation}`)
  await page.getByRole('button', { name: 'Note', exact: true }).waitFor()
}
const sent = (part: string) => stand.do('wait_sent', { channel: whatsApp.channel, text: part })

beforeAll(async () => {
  stand = await startStand()
  program = await startProgram(stand.settings)
  await stand.serves(program)
  admin = await onboardByApi(program)
  bo = await makeAgent(program, admin, { name: 'Bo Berg', email: 'bo@example.com' })
  await stand.do('templates', { channel: 'whatsapp_cloud', list: templates })
  whatsApp = await makeInbox(stand, program, admin, 'whatsapp_cloud', [bo])
  await admin.at('post', 'canned_responses', { short_code: 'greet', content: 'Good day {{contact.name}},\n\nthank you for writing to us.' })
  await admin.at('post', 'canned_responses', { short_code: 'mail', content: 'May we write to {{contact.email}}?' })
  browser = await startBrowser()
  desk = await open(browser)
  page = desk.page
  // The panel of details would cover the composer where the window gets narrow.
  await page.addInitScript(() => localStorage.setItem('details', '0'))
  await signIn(page, program.url, admin.email)
  await page.waitForURL('**/app/accounts/**')
})

afterAll(async () => {
  await browser?.close()
  await program?.stop()
  await stand?.stop()
})

test('a reply with a canned response, an emoji and bold words arrives', async () => {
  const conversation = await customerWrites(stand, admin, whatsApp, 'Where is my parcel?', { name: 'Ana Souza', from: '5511987654321' })
  await show(conversation)
  await text().click()
  await page.keyboard.type('/gre')
  await page.getByRole('option', { name: '/greet' }).waitFor()
  await look(page, 'composer-canned')
  await page.keyboard.press('Enter')
  expect(await text().inputValue()).toBe('Good day Ana Souza,\n\nthank you for writing to us.')
  await page.keyboard.press('Control+z')
  expect(await text().inputValue()).toBe('/gre')
  await page.keyboard.press('Control+Shift+z')
  await page.keyboard.type(' It is :package')
  await page.getByRole('option').first().waitFor()
  await page.keyboard.press('Tab')
  await page.keyboard.type(' ')
  await page.keyboard.press('Control+b')
  await page.keyboard.type('here')
  await page.keyboard.press('Enter')
  expect((await sent('It is')).text).toBe('Good day Ana Souza,\n\nthank you for writing to us. It is 📦 *here*')
  await expect.poll(() => text().inputValue()).toBe('')
})

test('files go with it, and can be taken out again', async () => {
  const conversation = await conversationWith(admin, whatsApp.id, 'Where is my parcel?')
  const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')
  await page.locator('input[type=file]').setInputFiles([{ name: 'label.png', mimeType: 'image/png', buffer: png }, { name: 'terms.txt', mimeType: 'text/plain', buffer: Buffer.from('Terms') }])
  await text().fill('Here is the label')
  await look(page, 'composer-files')
  await page.getByRole('button', { name: 'Remove terms.txt' }).click()
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  expect((await sent('Here is the label')).media).toHaveLength(1)
  const last = (await messagesOf(admin, conversation)).at(-1)
  expect(last?.attachments?.map((a) => a.file_type)).toEqual(['image'])
})

test('a note names a colleague and stays in the house', async () => {
  const conversation = await conversationWith(admin, whatsApp.id, 'Where is my parcel?')
  await page.getByRole('button', { name: 'Note', exact: true }).click()
  await page.keyboard.type('Please look, @bo')
  await page.getByRole('option', { name: 'Bo Berg' }).waitFor()
  await page.keyboard.press('Enter')
  await page.getByText('Will be told: Bo Berg').waitFor()
  await look(page, 'composer-note')
  await page.keyboard.press('Enter')
  const stored = await until('the note', async () => (await messagesOf(admin, conversation)).find((m) => m.content?.includes('mention://user/')))
  expect(stored.content).toContain(`[@Bo Berg](mention://user/${bo.id}/Bo%20Berg)`)
  expect(await stand.do('sent', { channel: whatsApp.channel, text: 'Please look' })).toEqual([])
  await expect.poll(async () => (await bo.at<{ data: { payload: { notification_type: string }[] } }>('get', 'notifications')).data.payload.map((n) => n.notification_type)).toContain('conversation_mention')
})

test('what is begun stays with its conversation', async () => {
  const one = await conversationWith(admin, whatsApp.id, 'Where is my parcel?')
  const two = await customerWrites(stand, admin, whatsApp, 'Do you open on Sunday?', { name: 'Luz', from: '5511912345678' })
  await show(one)
  await text().fill('For Ana alone')
  await page.waitForTimeout(500)
  await show(two)
  await expect.poll(() => text().inputValue()).toBe('')
  await text().fill('For Luz alone')
  await text().press('Enter')
  await sent('For Luz alone')
  await show(one)
  await expect.poll(() => text().inputValue()).toBe('For Ana alone')
})

test('a colleague who was faster is noticed before it is sent', async () => {
  const one = await conversationWith(admin, whatsApp.id, 'Where is my parcel?')
  await text().fill('Mine')
  await replyTo(bo, one, 'Theirs')
  await page.getByText('Bo Berg replied while you were writing.').waitFor()
  await text().press('Enter')
  const question = page.getByRole('dialog', { name: 'Send your reply, too?' })
  await question.getByText('Theirs').waitFor()
  await look(page, 'composer-collision', ['light', 'phone'])
  await question.getByRole('button', { name: 'Cancel' }).click()
  expect(await stand.do('sent', { channel: whatsApp.channel, text: 'Mine' })).toEqual([])
  await text().press('Enter')
  await sent('Mine')
})

test('the time left is shown', async () => {
  const made = await admin.at<{ id: number; inbox_identifier: string }>('post', 'inboxes', { name: 'Shop', channel: { type: 'api', additional_attributes: { agent_reply_time_window: '3' } } })
  const contact = await admin.at<{ payload: { contact: { id: number } } }>('post', 'contacts', { name: 'Kim', inbox_id: made.id })
  const { id } = await admin.at<{ id: number }>('post', 'conversations', { inbox_id: made.id, contact_id: contact.payload.contact.id })
  await show(id)
  await page.getByText('The time to reply on this channel is over').waitFor()
  await look(page, 'composer-closed', ['light', 'phone'])
  await admin.at('post', `conversations/${id}/messages`, { content: 'Hurry', message_type: 'incoming' })
  await page.getByText('3:00 h left to reply').waitFor()
  await look(page, 'composer-window', ['light', 'phone'])
})

test('who was never written to gets a template, filled in', async () => {
  const contact = await admin.at<{ payload: { contact: { id: number } } }>('post', 'contacts', { name: 'Noa Lind', phone_number: '+5511900000002' })
  const { id } = await admin.at<{ id: number }>('post', 'conversations', { inbox_id: whatsApp.id, contact_id: contact.payload.contact.id })
  await show(id)
  await page.getByText('The time to reply freely is over.').waitFor()
  await look(page, 'composer-templates')
  await page.getByLabel('Search templates').fill('order')
  await page.getByRole('button', { name: /order_ready/ }).click()
  expect(await page.getByLabel('Value for 1').inputValue()).toBe('Noa Lind')
  await page.getByRole('button', { name: 'Send template' }).click()
  await page.getByText('This is needed.').first().waitFor()
  await page.getByLabel('Value for 2').fill('A-99')
  await page.getByLabel('Button “Track it”').fill('A-99')
  await look(page, 'composer-template')
  await page.getByRole('button', { name: 'Send template' }).click()
  await sent('order_ready')
  const stored = await until('the template', async () => (await messagesOf(admin, id)).find((m) => m.content?.includes('A-99')))
  expect(stored.content).toBe('Hello Noa Lind, your order A-99 is *ready*.\n\nAcme, Main Street 1')
})

test('a conversation is begun by an agent', async () => {
  await admin.at('post', 'contacts', { name: 'Mia Berger', phone_number: '+5511900000003', email: 'mia@example.org' })
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'New conversation' }).click()
  const dialog = page.getByRole('dialog', { name: 'New conversation' })
  await dialog.getByRole('combobox', { name: 'Contact' }).fill('mia')
  await dialog.getByRole('option', { name: 'Mia Berger' }).waitFor()
  await page.keyboard.press('Enter')
  await dialog.getByLabel('Inbox').selectOption({ label: 'Shop' })
  await dialog.getByRole('textbox', { name: 'Message' }).fill('May I help you?')
  await look(page, 'composer-new')
  await dialog.getByRole('button', { name: 'Send', exact: true }).click()
  await dialog.waitFor({ state: 'detached' })
  await page.getByText('May I help you?').last().waitFor()
})

test('an e-mail shows to whom it goes, and an emoji is found by its name', async () => {
  const made = await admin.at<{ id: number }>('post', 'inboxes', { name: 'Mail', channel: { type: 'email', email: 'help@acme.example' } })
  const contact = await admin.at<{ payload: { contact: { id: number } } }>('post', 'contacts', { name: 'Eve', email: 'eve@example.org' })
  const { id } = await admin.at<{ id: number }>('post', 'conversations', { inbox_id: made.id, contact_id: contact.payload.contact.id })
  await show(id)
  await page.getByText('eve@example.org').first().waitFor()
  await page.getByRole('button', { name: 'Change recipients' }).click()
  await page.getByLabel('Cc', { exact: true }).fill('boss@example.org, nonsense ')
  await page.getByLabel('Cc', { exact: true }).press('Enter')
  await text().fill('Dear Eve')
  await page.getByText('“nonsense” is no e-mail address.').waitFor()
  await look(page, 'composer-mail')
  await page.getByRole('button', { name: 'Remove nonsense' }).click()
  await page.getByRole('button', { name: 'Emoji' }).click()
  await page.getByLabel('Search emoji').fill('tada')
  await look(page, 'composer-emoji', ['light', 'dark'])
  await page.getByRole('button', { name: 'party popper' }).click()
  await text().press('Enter')
  const stored = await until('the mail', async () => (await messagesOf(admin, id)).find((m) => m.content === 'Dear Eve🎉'))
  expect(stored.content_attributes).toMatchObject({ cc_emails: ['boss@example.org'] })
})

test('nothing went wrong behind all this', () => {
  expect(desk.faults).toEqual([])
})
