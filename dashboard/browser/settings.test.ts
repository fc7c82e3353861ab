import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { look, open, startBrowser } from './browser'
import { startProgram, type Program } from './program'
import { onboard, signIn } from './steps'

// What an administrator sets up for daily work: made, changed and deleted once each.

let program: Program
let browser: Browser
let admin: Awaited<ReturnType<typeof open>>
let receiver: Server
let answer = 200
const heard: string[] = []

beforeAll(async () => {
  program = await startProgram({ OUTBOUND_ALLOW_PRIVATE: 'true' })
  receiver = createServer((request, response) => {
    let body = ''
    request.on('data', (b: Buffer) => (body += b.toString()))
    request.on('end', () => {
      heard.push(body)
      response.writeHead(answer).end('{}')
    })
  }).listen(0, '127.0.0.1')
  browser = await startBrowser()
  admin = await open(browser)
  admin.page.setDefaultTimeout(20_000)
  await onboard(admin.page, program.url)
  await signIn(admin.page, program.url, 'ada@example.com')
  await admin.page.getByRole('heading', { level: 1, name: /^Welcome/ }).waitFor()
})

afterAll(async () => {
  await browser?.close()
  await program?.stop()
  receiver?.close()
})

const settings = (path: string) => admin.page.goto(`${program.url}/app/accounts/1/settings/${path}`)
const main = (page: Page) => page.getByRole('main')

/** Deletes what a list shows: asked first, by name. */
async function remove(page: Page, button: string, question: string): Promise<void> {
  await page.getByRole('button', { name: button }).click()
  await page.getByRole('heading', { name: question }).waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
}

test('labels', async () => {
  const { page } = admin
  await settings('labels')
  await page.getByText('There are no labels yet').waitFor()
  await look(page, 'labels-empty')
  await main(page).getByRole('button', { name: 'Create a label' }).first().click()
  await page.getByLabel('Title').fill('vip kunden')
  await page.getByText('No spaces.').waitFor()
  await page.getByLabel('Title').fill('VIP-Kunden')
  await page.getByLabel('Description').fill('Those who buy most')
  await page.getByRole('button', { name: '#8b5cf6' }).click()
  await look(page, 'labels-dialog')
  await page.getByRole('dialog').getByRole('button', { name: 'Create a label' }).click()
  await main(page).getByText('vip-kunden', { exact: true }).waitFor()

  await page.getByRole('button', { name: 'Create a label' }).click()
  await page.getByLabel('Title').fill('vip-kunden')
  await page.getByRole('dialog').getByRole('button', { name: 'Create a label' }).click()
  await page.getByText('Title has already been taken').waitFor()
  await page.getByLabel('Title').fill('billing')
  await page.getByRole('dialog').getByRole('button', { name: 'Create a label' }).click()
  await main(page).getByText('billing', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Edit the label vip-kunden' }).click()
  await page.getByLabel('Title').fill('vip')
  await page.getByText('get “vip” instead').waitFor()
  await look(page, 'labels-rename', ['light', 'phone'])
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await main(page).getByText('vip', { exact: true }).waitFor()
  await look(page, 'labels')
  await remove(page, 'Delete the label billing', 'Delete the label “billing”?')
  await main(page).getByText('billing', { exact: true }).waitFor({ state: 'detached' })
})

test('teams', async () => {
  const { page } = admin
  await settings('teams')
  await page.getByText('There are no teams yet').waitFor()
  await look(page, 'teams-empty', ['light', 'phone'])
  await main(page).getByRole('button', { name: 'Create a team' }).first().click()
  await page.getByLabel('Name').fill('Night Shift')
  await page.getByText('Stored in lower case: night shift').waitFor()
  await page.getByLabel('Description').fill('From ten to six')
  await look(page, 'teams-new')
  await page.getByRole('button', { name: 'Create and choose members' }).click()
  await page.getByRole('heading', { level: 1, name: 'Members of night shift' }).waitFor()
  expect(new URL(page.url()).pathname).toMatch(/\/settings\/teams\/new\/\d+\/agents$/)
  await page.getByRole('checkbox', { name: /Ada/ }).check()
  await look(page, 'teams-members')
  await page.getByRole('button', { name: 'Save the members' }).click()
  await page.getByText('The team “night shift” was created').waitFor()
  await page.getByText(/1 member/).waitFor()
  await look(page, 'teams-finish')
  await page.getByRole('button', { name: 'Go to the teams' }).click()
  await page.getByText('You are a member').waitFor()
  await look(page, 'teams')
  await page.getByRole('button', { name: 'Edit the team night shift' }).click()
  await page.getByLabel('Name').fill('late shift')
  await page.getByRole('link', { name: 'Labels' }).click()
  await page.getByRole('heading', { name: 'Leave without saving?' }).waitFor()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await page.getByRole('button', { name: 'Save and go to the members' }).click()
  await page.getByRole('heading', { level: 1, name: 'Members of late shift' }).waitFor()
  await page.getByRole('button', { name: 'Save the members' }).click()
  await page.getByText('The team “late shift” was saved').waitFor()
  await page.getByRole('button', { name: 'Go to the teams' }).click()
  await remove(page, 'Delete the team late shift', 'Delete the team “late shift”?')
  await page.getByText('There are no teams yet').waitFor()
})

test('canned responses', async () => {
  const { page } = admin
  await settings('canned-response')
  await page.getByText('There are no canned responses yet').waitFor()
  await look(page, 'canned-empty', ['light', 'phone'])
  await main(page).getByRole('button', { name: 'Create a canned response' }).first().click()
  await page.getByLabel('Short code').fill('/hello')
  await page.getByText('Typed after a slash: /hello').waitFor()
  await page.getByLabel('Text', { exact: true }).fill('Hello ')
  await page.getByRole('button', { name: 'Insert a variable' }).click()
  await page.getByRole('option', { name: '{{contact.first_name}}' }).click()
  await page.waitForFunction(() => document.activeElement?.tagName === 'TEXTAREA')
  await page.keyboard.type(', {{contact.nmae}}')
  expect(await page.getByTestId('preview').innerText()).toContain('Hello Ann')
  await page.getByText('Nothing has this name').waitFor()
  await page.locator('input[type=file]').setInputFiles({ name: 'way.txt', mimeType: 'text/plain', buffer: Buffer.from('left, then right') })
  await look(page, 'canned-dialog')
  await page.getByLabel('Text', { exact: true }).fill('Hello {{contact.first_name}}, this is {{agent.name}}.')
  await page.getByRole('dialog').getByRole('button', { name: 'Create a canned response' }).click()
  await main(page).getByText('/hello').waitFor()
  await page.getByText('1 file').waitFor()
  await look(page, 'canned')
  await page.getByRole('button', { name: 'Edit the canned response hello' }).click()
  await page.getByRole('link', { name: 'way.txt' }).waitFor()
  await page.getByRole('button', { name: 'Remove the file way.txt' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await page.getByText('1 file').waitFor({ state: 'detached' })
  await remove(page, 'Delete the canned response hello', 'Delete the canned response “hello”?')
  await page.getByText('There are no canned responses yet').waitFor()
  expect(admin.faults).toEqual([])
})

test('webhooks', async () => {
  const { page } = admin
  await settings('integrations/webhook')
  await page.getByText('There are no webhooks yet').waitFor()
  await look(page, 'webhooks-empty', ['light', 'phone'])
  await main(page).getByRole('button', { name: 'Create a webhook' }).first().click()
  await page.getByLabel('Address').fill('nowhere.example')
  await page.getByText('An address that begins with').waitFor()
  await page.getByLabel('Address').fill(`http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`)
  expect(await page.getByLabel('All events').evaluate((e: HTMLInputElement) => e.indeterminate)).toBe(true)
  await page.getByRole('checkbox', { name: 'Contacts', exact: true }).uncheck()
  await look(page, 'webhooks-dialog')
  await page.getByRole('dialog').getByRole('button', { name: 'Create a webhook' }).click()
  await page.getByText('Nothing was delivered yet').waitFor()
  await page.getByRole('button', { name: 'Show: Secret' }).click()
  await look(page, 'webhook-new')
  await page.getByRole('button', { name: 'Send a test' }).click()
  const rows = page.locator('tbody tr')
  await rows.filter({ hasText: 'Delivered' }).waitFor()
  expect(JSON.parse(heard[0] ?? '')).toMatchObject({ event: 'test' })
  answer = 400
  await page.getByRole('button', { name: 'Send a test' }).click()
  await rows.filter({ hasText: 'Failed' }).waitFor()
  await look(page, 'webhook-log')
  await rows.first().getByRole('button', { name: 'Test', exact: true }).click()
  await page.getByText('Code 400 after').waitFor()
  await look(page, 'webhook-delivery')
  answer = 204
  await page.getByRole('dialog').getByRole('button', { name: 'Deliver again' }).click()
  await rows.filter({ hasText: '204' }).waitFor()
  await page.getByRole('link', { name: 'Failed' }).click()
  await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1)
  expect(new URL(page.url()).search).toBe('?state=failed')
  await page.getByRole('button', { name: 'Edit', exact: true }).click()
  await page.getByLabel('All events').check()
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await main(page).getByText('All events').waitFor()
  await page.getByRole('link', { name: 'Webhooks' }).first().click()
  await main(page).getByText('All events').waitFor()
  await look(page, 'webhooks')
  await remove(page, 'Delete the webhook http', 'Delete the webhook http')
  await page.getByText('There are no webhooks yet').waitFor()
  expect(admin.faults).toEqual([])
})
