import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { open, startBrowser } from './browser'
import { startProgram, type Program } from './program'
import { startStand, type Stand } from './stand'
import { onboard, signIn } from './steps'

// From the first start of an installation to the first reply, with nothing but a browser.

let stand: Stand
let program: Program
let browser: Browser
let seat: Awaited<ReturnType<typeof open>>
let page: Page

beforeAll(async () => {
  stand = await startStand()
  program = await startProgram(stand.settings)
  await stand.serves(program)
  browser = await startBrowser()
  seat = await open(browser)
  page = seat.page
})

afterAll(async () => {
  await browser?.close()
  await program?.stop()
  await stand?.stop()
})

test('first start, first channel, first message, first reply', async () => {
  onTestFailed(async () => void (process.env.SCREENSHOTS && (await page.screenshot({ path: `${process.env.SCREENSHOTS}/failed.png` }))))
  const channel = await stand.do('channel', { channel: 'telegram' })
  const params = channel.params as { bot_token?: string; channel?: { bot_token: string } }
  const token = params.channel?.bot_token ?? params.bot_token ?? ''
  await onboard(page, program.url)
  await signIn(page, program.url, 'ada@example.com')
  await page.getByRole('heading', { level: 1, name: /^Welcome/ }).waitFor()
  expect(new URL(page.url()).pathname).toBe('/app/accounts/1/welcome')
  await page.getByRole('link', { name: /Connect a channel/ }).click()
  await page.waitForURL('**/settings/inboxes/new')
  await page.getByRole('link', { name: /Telegram/ }).click()
  await page.locator('[name=bot_token]').fill(token)
  await page.getByRole('button', { name: 'Connect', exact: true }).click()
  await page.getByRole('heading', { level: 1, name: 'Who answers here?' }).waitFor()
  await page.getByRole('button', { name: 'Add these agents' }).click()
  await page.waitForURL('**/finish')
  await stand.do('ready', { channel: 'telegram' })
  await stand.do('message', { channel: 'telegram', text: 'Is anybody there?', person: 1, name: 'Ann Lee' })
  // The live check sees the first message and leads to it.
  await page.getByRole('link', { name: 'Open conversation' }).click()
  await page.getByRole('log').getByText('Is anybody there?').waitFor()
  await page.keyboard.press('r')
  await page.keyboard.type('Yes, we are.')
  await page.keyboard.press('Enter')
  await stand.do('wait_sent', { channel: 'telegram', text: 'Yes, we are.', n: 1 })
  await page.getByTitle('Accepted by the provider').waitFor()
  expect(seat.faults).toEqual([])
})
