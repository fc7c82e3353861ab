import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { look, open, startBrowser } from './browser'
import { startProgram, type Program } from './program'
import { onboard, password, signIn } from './steps'

// Contacts, notifications, search and how somebody wants to be told, in a browser.

let program: Program
let browser: Browser
let admin: Awaited<ReturnType<typeof open>>
let call: <T>(method: string, path: string, body?: unknown) => Promise<T>
const at = (path: string) => `${program.url}/app/accounts/1/${path}`

/** Calls of the API as somebody, for what these screens do not do themselves. */
async function caller(email: string): Promise<typeof call> {
  const signed = await fetch(`${program.url}/auth/sign_in`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email, password }),
  })
  const { data } = (await signed.json()) as { data: { access_token: string } }
  return async (method, path, body) => {
    const answer = await fetch(`${program.url}/api/v1/accounts/1/${path}`, {
      method,
      headers: { 'Content-Type': 'application/json', api_access_token: data.access_token },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
    return (text ? JSON.parse(text) : null) as never
  }
}

beforeAll(async () => {
  program = await startProgram()
  browser = await startBrowser()
  admin = await open(browser)
  admin.page.setDefaultTimeout(20_000)
  await onboard(admin.page, program.url)
  await signIn(admin.page, program.url, 'ada@example.com')
  await admin.page.getByRole('heading', { level: 1, name: /^Welcome/ }).waitFor()
  call = await caller('ada@example.com')
})

afterAll(async () => {
  await browser?.close()
  await program?.stop()
})

test('she creates a contact', async () => {
  const { page } = admin
  await page.goto(at('contacts'))
  await page.getByText('No contacts yet').waitFor()
  await look(page, 'contacts-empty')
  await page.getByRole('button', { name: 'New contact' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('Ana Berg')
  await dialog.getByLabel('Phone number').fill('12')
  await dialog.getByRole('button', { name: 'Create the contact' }).click()
  await dialog.getByText('should be in e164 format').waitFor()
  await look(page, 'contacts-new')
  await dialog.getByLabel('Phone number').fill('+49 (151) 123-4567')
  await dialog.getByLabel('E-mail address').fill('ana@example.com')
  await dialog.getByRole('button', { name: 'Create the contact' }).click()
  await page.getByRole('heading', { level: 1, name: 'Ana Berg' }).waitFor()
  expect(await page.getByLabel('Phone number').inputValue()).toBe('+491511234567')
})

test('she edits its details, attributes, labels and notes', async () => {
  const { page } = admin
  await call('POST', 'custom_attribute_definitions', { attribute_display_name: 'Plan', attribute_key: 'plan', attribute_model: 'contact_attribute', attribute_display_type: 'list', attribute_values: ['Free', 'Pro'] })
  await call('POST', 'custom_attribute_definitions', { attribute_display_name: 'Contract no.', attribute_key: 'contract', attribute_model: 'contact_attribute', attribute_display_type: 'text', regex_pattern: '^C\\d+$', regex_cue: 'C and a number' })
  await call('POST', 'custom_attribute_definitions', { attribute_display_name: 'Vip', attribute_key: 'vip', attribute_model: 'contact_attribute', attribute_display_type: 'checkbox' })
  await call('POST', 'labels', { title: 'customer', color: '#0b6b45', description: 'Has paid' })
  await call('POST', 'labels', { title: 'press', color: '#a81f1a' })
  await page.reload()
  await page.getByLabel('Company').fill('Acme')
  await page.getByLabel('City').fill('Lyon')
  await page.getByLabel('Country').selectOption('FR')
  await page.getByLabel('GitHub').fill('anaberg')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved', { exact: true }).waitFor()
  await page.reload()
  await page.waitForFunction(() => document.querySelector<HTMLInputElement>('[name=github]')?.value === 'anaberg')
  expect(await page.getByLabel('Country').inputValue()).toBe('FR')

  await page.getByRole('button', { name: 'Add an attribute' }).click()
  await page.getByRole('option', { name: 'Plan' }).click()
  await page.getByLabel('Plan').selectOption('Pro')
  await page.getByRole('button', { name: 'Save' }).last().click()
  await page.getByRole('button', { name: 'Edit Plan' }).waitFor()
  await page.getByRole('button', { name: 'Add an attribute' }).click()
  await page.getByRole('option', { name: 'Contract no.' }).click()
  await page.getByLabel('Contract no.').fill('12')
  await page.getByLabel('Contract no.').press('Enter')
  await page.getByText('C and a number').waitFor()
  await page.getByLabel('Contract no.').fill('C12')
  await page.getByLabel('Contract no.').press('Enter')
  await page.getByText('C12').waitFor()
  await page.getByRole('button', { name: 'Remove Contract no.' }).click()
  await page.getByText('C12').waitFor({ state: 'detached' })

  await page.getByRole('button', { name: 'Choose labels' }).click()
  await look(page, 'contact-labels', ['light'])
  await page.getByRole('option', { name: 'customer' }).click()
  await page.getByRole('button', { name: 'Take off customer' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByLabel('New note').fill('Prefers to be called.')
  await page.getByRole('button', { name: 'Add the note' }).click()
  await page.getByText('Prefers to be called.').last().waitFor()
  expect(await page.getByLabel('New note').inputValue()).toBe('')
  await page.getByRole('button', { name: 'Edit the note' }).click()
  await page.getByLabel('Edit the note').fill('Prefers mail.')
  await page.getByRole('button', { name: 'Save' }).last().click()
  await page.getByText('Prefers mail.').waitFor()
  await look(page, 'contact')
})

test('what a colleague changes is seen', async () => {
  const { page } = admin
  await call('PATCH', 'contacts/1', { name: 'Ana Maria Berg' })
  await page.getByRole('heading', { level: 1, name: 'Ana Maria Berg' }).waitFor()
  await page.goto(at('contacts'))
  await page.getByRole('link', { name: 'Ana Maria Berg' }).waitFor()
  // What happens before the first line of a page is there is not heard.
  await page.waitForTimeout(2000)
  await call('PATCH', 'contacts/1', { name: 'Ana M. Berg' })
  await page.getByRole('link', { name: 'Ana M. Berg' }).waitFor()
  await call('PATCH', 'contacts/1', { name: 'Ana Maria Berg' })
  await page.getByRole('link', { name: 'Ana Maria Berg' }).waitFor()
  const { payload } = await call<{ payload: { contact: { id: number } } }>('POST', 'contacts', { name: 'Zoe', email: 'zoe@example.com' })
  await page.getByRole('button', { name: 'Show 1 new contact' }).click()
  await page.getByRole('link', { name: 'Zoe' }).waitFor()
  await call('DELETE', `contacts/${payload.contact.id}`)
  await page.getByRole('link', { name: 'Zoe' }).waitFor({ state: 'detached' })
  await page.keyboard.press('j')
  expect(await page.evaluate(() => document.activeElement?.textContent?.trim())).toBe('Ana Maria Berg')
  await page.keyboard.press('c')
  await page.getByRole('dialog', { name: 'New contact' }).waitFor()
  await page.keyboard.press('Escape')
})

test('she imports a file, and sees what fails', async () => {
  const { page } = admin
  await page.getByRole('button', { name: 'More', exact: true }).click()
  await page.getByRole('menuitem', { name: 'Import a file' }).click()
  await page.getByText('Nothing was imported yet').waitFor()
  await look(page, 'contacts-imports-empty', ['light', 'phone'])
  const people = Array.from({ length: 40 }, (_, i) => `Person ${String(i + 1).padStart(2, '0')};p${i + 1}@example.com;+4930${1000 + i};Plan ${i % 3};Firm ${i % 5}`)
  await page.locator('input[type=file]').setInputFiles({
    name: 'people.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(`Full name;E-Mail;Mobile;Shoe size;Company\n${people.join('\n')}\nBroken;no address;;x;\n`),
  })
  await page.getByRole('heading', { name: 'people.csv · 41 rows' }).waitFor()
  await page.getByText('1 of 41 rows have problems').waitFor()
  expect(await page.getByLabel('E-Mail', { exact: true }).inputValue()).toBe('email')
  await page.getByLabel('Shoe size', { exact: true }).selectOption('')
  await look(page, 'contacts-import')
  await page.getByRole('button', { name: 'Import', exact: true }).click()
  await page.getByText('Waiting', { exact: true }).or(page.getByText('Under way', { exact: true })).or(page.getByText('Done', { exact: true })).first().waitFor()
  await page.getByText('40 of 41 rows stored').waitFor({ timeout: 120_000 })
  await page.getByRole('link', { name: '1 row that failed' }).waitFor()
  await look(page, 'contacts-imports')
})

test('the list goes on, is sorted and searched', async () => {
  const { page } = admin
  await page.goto(at('contacts?sort=name'))
  await page.getByText('41 contacts').waitFor()
  await look(page, 'contacts')
  const heads = page.getByRole('columnheader')
  await heads.getByRole('button', { name: 'Name' }).click()
  await page.waitForURL('**sort=-name')
  await page.getByRole('link', { name: 'Person 40' }).waitFor()
  for (let i = 0; i < 6; i++) await page.mouse.wheel(0, 2500)
  await page.getByRole('link', { name: 'Ana Maria Berg' }).waitFor()
  await page.getByRole('button', { name: 'Columns' }).click()
  await page.getByLabel('Plan').check()
  await heads.getByText('Plan', { exact: true }).waitFor()
  await look(page, 'contacts-columns', ['light'])
  await page.keyboard.press('Escape')
  await page.keyboard.press('/')
  await page.keyboard.type('person 07')
  await page.getByText('1 contact', { exact: true }).waitFor()
  expect(new URL(page.url()).searchParams.get('q')).toBe('person 07')
  await page.getByRole('searchbox').fill('nobody at all')
  await page.getByText('Nothing found for').waitFor()
  await look(page, 'contacts-nothing', ['light', 'phone'])
  await page.getByRole('button', { name: 'Clear the search' }).click()
  await page.getByRole('button', { name: 'By label' }).click()
  await page.getByRole('option', { name: 'customer' }).click()
  await page.getByText('1 contact', { exact: true }).waitFor()
  expect(new URL(page.url()).pathname).toBe('/app/accounts/1/contacts/labels/customer')
  await page.getByRole('link', { name: 'Online now' }).click()
  await page.getByText('Nobody is online').waitFor()
  await page.getByRole('link', { name: 'All contacts' }).click()
  await page.getByRole('button', { name: 'More', exact: true }).click()
  await page.getByRole('menuitem', { name: 'Export' }).click()
  await page.getByText('ada@example.com gets a link').waitFor()
  await look(page, 'contacts-export')
  await page.getByRole('button', { name: 'Send me the file' }).click()
  await page.getByText('The export was started').waitFor()
})

test('she filters, and keeps the filter as a segment', async () => {
  const { page } = admin
  await page.goto(at('contacts?sort=name'))
  await page.getByRole('button', { name: 'Filter', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Show these contacts' }).click()
  await look(page, 'contacts-filter')
  await dialog.locator('select').nth(1).selectOption('contains')
  await dialog.locator('input').first().fill('person 1')
  await dialog.getByRole('button', { name: 'Show these contacts' }).click()
  await page.getByText('10 contacts', { exact: true }).waitFor()
  expect(JSON.parse(new URL(page.url()).searchParams.get('f') ?? '')).toMatchObject([{ attribute_key: 'name', filter_operator: 'contains', values: ['person 1'] }])
  await page.reload()
  await page.getByText('10 contacts', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Save as a segment' }).click()
  await page.getByLabel('Name of the segment').fill('Teens')
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await page.getByRole('link', { name: 'Teens' }).waitFor()
  await page.waitForURL(/contacts\/segments\/\d+/)
  await page.getByText('10 contacts', { exact: true }).waitFor()
  await look(page, 'contacts-segment')
  await page.getByRole('button', { name: 'Change', exact: true }).click()
  await dialog.locator('input').first().fill('person 11')
  await dialog.getByRole('button', { name: 'Show these contacts' }).click()
  await page.getByText('1 contact', { exact: true }).waitFor()
  await look(page, 'contacts-segment-changed', ['light', 'phone'])
  await page.getByRole('button', { name: 'Save the segment' }).click()
  await page.waitForURL((u) => !u.searchParams.has('f'))
  await page.getByText('1 contact', { exact: true }).waitFor()
  await page.getByRole('link', { name: 'Person 11' }).click()
  await page.waitForURL(/contacts\/\d+\/segments\/\d+/)
  await page.locator('main').getByRole('link', { name: 'Contacts' }).click()
  await page.getByRole('button', { name: 'More about this segment' }).click()
  await page.getByRole('menuitem', { name: 'Rename' }).click()
  await page.getByLabel('Name of the segment').fill('Eleven')
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await page.getByRole('link', { name: 'Eleven' }).waitFor()
  await page.getByRole('button', { name: 'More about this segment' }).click()
  await page.getByRole('menuitem', { name: 'Delete the segment' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete the segment' }).click()
  await page.getByText('41 contacts').waitFor()
  expect(await page.getByRole('link', { name: 'Eleven' }).count()).toBe(0)
})

test('she merges two that are one person, and deletes another', async () => {
  const { page } = admin
  await page.goto(at('contacts?q=person 07'))
  await page.getByRole('link', { name: 'Person 07' }).click()
  await page.getByRole('button', { name: 'Merge' }).click()
  await page.getByRole('dialog').getByRole('searchbox').fill('ana')
  await page.getByRole('button', { name: /Ana Maria Berg/ }).waitFor()
  await look(page, 'contact-merge-search', ['light', 'phone'])
  await page.getByRole('button', { name: /Ana Maria Berg/ }).click()
  await page.getByText('What is lost').waitFor()
  await page.getByRole('button', { name: 'Keep Ana Maria Berg instead' }).click()
  await look(page, 'contact-merge')
  const act = page.getByRole('button', { name: 'Merge for good' })
  expect(await act.isDisabled()).toBe(true)
  await page.getByLabel('Type “Person 07” to confirm').fill('Person 07')
  await act.click()
  await page.getByRole('heading', { level: 1, name: 'Ana Maria Berg' }).waitFor()
  expect(new URL(page.url()).pathname).toBe('/app/accounts/1/contacts/1')

  await page.goto(at('contacts?q=person 08'))
  await page.getByRole('link', { name: 'Person 08' }).click()
  await page.getByRole('heading', { level: 1, name: 'Person 08' }).waitFor()
  await page.getByRole('button', { name: 'More', exact: true }).click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await look(page, 'contact-delete', ['light', 'phone'])
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await page.getByText('Person 08 was deleted').waitFor()
})

test('she chooses what reaches her, and how the dashboard behaves', async () => {
  const { page } = admin
  await page.goto(at('profile/notifications'))
  const mail = page.getByRole('checkbox', { name: 'By mail: A new message in my conversation' })
  await mail.waitFor()
  for (const type of ['A new message in my conversation', 'A conversation begins']) {
    const stored = page.waitForResponse((r) => r.request().method() === 'PATCH')
    await page.getByRole('checkbox', { name: `By mail: ${type}` }).check()
    await stored
  }
  expect((await call<{ selected_email_flags: string[] }>('GET', 'notification_settings')).selected_email_flags.sort()).toEqual([
    'email_assigned_conversation_new_message',
    'email_conversation_assignment',
    'email_conversation_creation',
  ])
  await page.reload()
  await mail.waitFor()
  expect(await mail.isChecked()).toBe(true)
  await page.getByLabel('Ring for').selectOption('mine')
  await page.getByLabel('Tone').selectOption('bell')
  await page.getByRole('button', { name: 'Listen' }).click()
  await look(page, 'notification-settings')
  expect((await fetch(`${program.url}/app/sw.js`)).headers.get('content-type')).toContain('javascript')
  expect(await page.evaluate(async () => (await navigator.serviceWorker.register('/app/sw.js', { scope: '/app/' })).scope)).toBe(`${program.url}/app/`)

  await page.goto(at('profile/settings'))
  await page.getByLabel('Size of text').selectOption('120')
  await page.waitForFunction(() => document.documentElement.style.fontSize === '120%')
  await look(page, 'preferences', ['light', 'phone'])
  await page.reload()
  await page.waitForFunction(() => document.documentElement.style.fontSize === '120%')
  await page.getByLabel('Size of text').selectOption('100')
  await page.waitForFunction(() => document.documentElement.style.fontSize === '')
})

test('what customers write reaches her inbox, and is found', async () => {
  const { page } = admin
  await page.goto(at('inbox-view'))
  await page.getByText('Nothing is waiting').waitFor()
  await look(page, 'notifications-empty', ['light', 'phone'])
  const inbox = await call<{ id: number; inbox_identifier: string }>('POST', 'inboxes', { name: 'Shop', channel: { type: 'api' } })
  await call('POST', 'inbox_members', { inbox_id: inbox.id, user_ids: [1] })
  const open = `${program.url}/public/api/v1/inboxes/${inbox.inbox_identifier}/contacts`
  const post = async (path: string, body: object) =>
    (await fetch(open + path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })).json() as Promise<{ id: number; source_id: string }>
  for (const [n, text] of ['Where is my parcel?', 'The invoice is wrong, the amount is not what we agreed on', 'Thank you for the quick parcel'].entries()) {
    const { source_id } = await post('', { name: `Customer ${n + 1}`, email: `customer${n + 1}@example.com` })
    const { id } = await post(`/${source_id}/conversations`, {})
    await post(`/${source_id}/conversations/${id}/messages`, { content: text })
  }
  // She is online, and all are given to her: which word of each is the last differs.
  const row = (n: number) => page.locator('main li').filter({ hasText: new RegExp(`onversation #${n}(?!\\d)`) })
  for (const n of [1, 2, 3]) await row(n).waitFor()
  await page.getByText('3 are waiting for you').waitFor()
  await look(page, 'notifications')
  await row(3).getByRole('button', { name: 'Mark as read:' }).click()
  await row(3).getByRole('button', { name: 'Mark as unread:' }).waitFor()
  await row(1).getByRole('button', { name: 'Snooze:' }).click()
  await page.getByRole('menuitem', { name: 'For an hour' }).click()
  await row(1).waitFor({ state: 'detached' })
  await page.reload()
  await row(2).waitFor()
  expect(await row(3).count()).toBe(0)
  await page.getByRole('button', { name: 'Read ones, too' }).click()
  await row(3).waitFor()
  await page.getByRole('button', { name: 'Snoozed ones, too' }).click()
  await row(1).waitFor()
  await look(page, 'notifications-all')
  await page.getByRole('button', { name: 'More', exact: true }).click()
  await page.getByRole('menuitem', { name: 'Mark all as read' }).click()
  await page.getByText('0 are waiting for you').waitFor()
  await row(2).getByRole('button', { name: 'Delete:' }).click()
  await row(2).waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'More', exact: true }).click()
  await page.getByRole('menuitem', { name: 'Delete all', exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click()
  await page.getByText('Nothing is waiting').waitFor()

  await page.goto(at('search'))
  await look(page, 'search-empty', ['light', 'phone'])
  await page.getByRole('searchbox').fill('customer')
  await page.getByRole('link', { name: 'Customer 2' }).waitFor()
  await look(page, 'search-contacts')
  await page.locator('main').getByRole('link', { name: 'Conversations' }).click()
  await page.getByRole('link', { name: 'Customer 2' }).waitFor()
  await look(page, 'search-conversations', ['light', 'phone'])
  await page.locator('main').getByRole('link', { name: 'Messages' }).click()
  await page.getByText('Nothing found for').waitFor()
  await page.getByRole('searchbox').fill('PARCEL')
  expect(await page.locator('mark').allTextContents().then(async () => (await page.locator('mark').first().waitFor(), page.locator('mark').allTextContents()))).toEqual(['parcel', 'parcel'])
  await page.getByText('Messages of the last 3 months').waitFor()
  await look(page, 'search-messages')
  expect(await page.getByRole('link', { name: /in conversation #1/ }).getAttribute('href')).toMatch(/\/conversations\/1\?messageId=\d+$/)
  await page.goto(at('contacts?q=customer 1'))
  await page.getByRole('link', { name: 'Customer 1' }).click()
  await page.getByText('Where is my parcel?').waitFor()
  await look(page, 'contact-conversations', ['light', 'phone'])
})

test('nothing failed that nobody saw', () => expect(admin.faults).toEqual([]))
