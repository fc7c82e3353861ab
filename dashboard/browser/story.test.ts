import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { look, open, startBrowser } from './browser'
import { startProgram, type Program } from './program'
import { linkTo, onboard, password, saved, signIn } from './steps'
import { Authenticator } from './totp'

// One administrator's first day, in a browser on a fresh start.

let program: Program
let browser: Browser
let admin: Awaited<ReturnType<typeof open>>

beforeAll(async () => {
  program = await startProgram()
  browser = await startBrowser()
  admin = await open(browser)
})

afterAll(async () => {
  await browser?.close()
  await program?.stop()
})

test('the administrator creates the account', async () => {
  await onboard(admin.page, program.url, () => look(admin.page, 'onboarding', false))
})

test('she signs in', async () => {
  const { page } = admin
  await page.goto(`${program.url}/`)
  await page.waitForURL('**/app/login')
  expect(await page.title()).toBe('Sign in · Tributary')
  await look(page, 'sign-in')

  await signIn(page, program.url, 'ada@example.com', 'wrong')
  await page.getByText('E-mail address and password do not match').waitFor()
  await look(page, 'sign-in-refused')

  await signIn(page, program.url, 'ada@example.com')
  await page.getByRole('heading', { level: 1, name: /^Welcome/ }).waitFor()
  expect(new URL(page.url()).pathname).toBe('/app/accounts/1/welcome')
  await look(page, 'home')
  const cookie = (await admin.context.cookies(`${program.url}/app`)).find((c) => c.name === 'cw_d_session_info')
  expect(cookie).toMatchObject({ path: '/app', sameSite: 'Strict' })
})

test('she invites an agent, who chooses a password and works', async () => {
  const { page } = admin
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('link', { name: 'Agents' }).click()
  await page.getByRole('heading', { level: 1, name: 'Agents' }).waitFor()
  await page.getByRole('button', { name: 'Invite an agent' }).click()
  await look(page, 'agents-invite')
  await page.getByLabel('Name', { exact: true }).fill('Bo Berg')
  await page.getByLabel('E-mail address').fill('ada@example.com')
  await page.getByRole('button', { name: 'Send the invitation' }).click()
  await page.getByText('already belongs to the account').waitFor()
  await page.getByLabel('E-mail address').fill('bo@example.com')
  await page.getByRole('button', { name: 'Send the invitation' }).click()
  await page.getByText('bo@example.com gets a mail').waitFor()
  await page.getByText('Invited', { exact: true }).waitFor()
  expect(await page.getByRole('link', { name: 'Look at the held mails' }).getAttribute('href')).toBe('/super_admin/mails')
  await look(page, 'agents')

  const bo = await open(browser)
  await bo.page.goto(await linkTo(browser, program.url, 'bo@example.com', (page, name) => look(page, name, false)))
  await bo.page.getByRole('heading', { name: 'Choose your password' }).waitFor()
  await bo.page.getByLabel('New password').fill('short')
  await look(bo.page, 'password')
  expect(await bo.page.getByRole('button', { name: 'Save and sign in' }).isDisabled()).toBe(true)
  await bo.page.getByLabel('New password').fill(password)
  await bo.page.getByLabel('The same once more').fill(password)
  await bo.page.getByRole('button', { name: 'Save and sign in' }).click()
  await bo.page.getByRole('heading', { level: 1, name: 'Welcome, Bo Berg' }).waitFor()

  // An agent sees the people, and changes nothing.
  await bo.page.goto(`${program.url}/app/accounts/1/settings/agents/list`)
  await bo.page.getByText('ada@example.com').waitFor()
  expect(await bo.page.getByRole('button', { name: /Invite|Edit|Remove/ }).count()).toBe(0)
  await bo.page.goto(`${program.url}/app/accounts/1/settings/general`)
  await bo.page.getByRole('heading', { name: 'You are not permitted to see this' }).waitFor()
  await look(bo.page, 'not-permitted')
  await bo.page.goto(`${program.url}/app/accounts/1/nowhere`)
  await bo.page.getByRole('heading', { name: 'There is no such page' }).waitFor()
  await look(bo.page, 'not-found')
  expect(bo.faults).toEqual([])
  await bo.context.close()
})

test('she edits the agent, and removes him', async () => {
  const { page } = admin
  await page.reload()
  await page.getByRole('button', { name: 'Edit Bo Berg' }).click()
  await page.getByLabel('Role').selectOption('administrator')
  await look(page, 'agents-edit')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.getByText('Administrator').nth(1).waitFor()
  await page.getByRole('button', { name: 'Remove Bo Berg' }).click()
  await page.getByRole('heading', { name: 'Remove Bo Berg?' }).waitFor()
  await look(page, 'agents-remove')
  await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click()
  await page.getByText('Bo Berg was removed').waitFor()
  await page.getByText('bo@example.com', { exact: true }).waitFor({ state: 'detached' })
})

test('she changes the account and her profile', async () => {
  const { page } = admin
  await page.getByRole('link', { name: 'General' }).click()
  await page.getByLabel('Account name').fill('Acme & Sons')
  await page.getByLabel('Time zone').selectOption('Europe/Berlin')
  await look(page, 'account')
  await page.getByRole('link', { name: 'Profile' }).click()
  await page.getByRole('heading', { name: 'Leave without saving?' }).waitFor()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await saved(page, () => page.getByRole('button', { name: 'Save' }).click())
  await page.reload()
  await page.waitForFunction(() => document.querySelector<HTMLInputElement>('[name=account_name]')?.value === 'Acme & Sons')
  expect(await page.getByLabel('Time zone').inputValue()).toBe('Europe/Berlin')

  await page.getByRole('link', { name: 'Profile' }).click()
  await page.getByLabel('Full name').fill('Ada Lovelace')
  await look(page, 'profile')
  await saved(page, () => page.getByRole('button', { name: 'Save' }).first().click())
  const token = page.getByTestId('access-token')
  expect(await token.innerText()).toMatch(/^•+$/)
  await page.getByRole('button', { name: 'Show', exact: true }).click()
  const before = await token.innerText()
  await page.getByRole('button', { name: 'Reset' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Reset' }).click()
  await page.getByText('You have a new access token').waitFor()
  expect(await token.innerText()).toMatch(/^\w{24}$/)
  expect(await token.innerText()).not.toBe(before)

  await page.getByLabel('Language', { exact: true }).selectOption('de')
  await page.getByRole('heading', { level: 1, name: 'Profil' }).waitFor()
  await page.locator('[name=locale]').selectOption('fr')
  await page.locator('[name=locale]').selectOption('') // while the other choice is being stored
  await page.getByRole('heading', { level: 1, name: 'Profile' }).waitFor()
})

test('she switches MFA on and signs in with it', async () => {
  const { page, faults } = admin
  await page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'Two-step sign-in' }).click()
  await page.getByText('Two-step sign-in is off').waitFor()
  await look(page, 'mfa-off')
  await page.getByRole('button', { name: 'Switch on' }).click()
  await page.getByRole('img', { name: 'QR code' }).waitFor()
  await look(page, 'mfa-setup')
  const app = new Authenticator(await page.getByTestId('mfa-secret').innerText())
  await page.getByLabel('Code of six digits').fill('000000')
  await page.getByRole('button', { name: 'Verify and switch on' }).click()
  await page.getByText('That code is not right').waitFor()
  await page.getByLabel('Code of six digits').fill(await app.next())
  await page.getByRole('button', { name: 'Verify and switch on' }).click()
  await page.getByRole('heading', { name: 'Keep these backup codes' }).waitFor()
  const codes = await page.getByTestId('backup-code').allInnerTexts()
  expect(codes).toHaveLength(10)
  await look(page, 'mfa-codes')
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download' }).click()])
  expect(file.suggestedFilename()).toBe('backup-codes.txt')
  await page.getByRole('button', { name: 'I have kept them' }).click()
  await page.getByText('Two-step sign-in is on').waitFor()
  await look(page, 'mfa-on')

  const leave = async () => {
    await page.getByRole('button', { name: 'Ada Lovelace' }).click()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL('**/app/login')
  }
  await page.goto(`${program.url}/app/accounts/1/welcome`)
  await page.getByRole('button', { name: 'Ada Lovelace' }).click()
  await page.getByRole('button', { name: 'Sign out' }).waitFor()
  await look(page, 'menu')
  await page.keyboard.press('Escape')
  await leave()
  expect((await admin.context.cookies(`${program.url}/app`)).some((c) => c.name === 'cw_d_session_info')).toBe(false)

  await signIn(page, program.url, 'ada@example.com')
  await page.getByRole('heading', { name: 'Enter your code' }).waitFor()
  expect(await page.getByLabel('Code', { exact: true }).getAttribute('autocomplete')).toBe('one-time-code')
  await page.getByLabel('Code', { exact: true }).fill('000000')
  await page.getByText('That code is not right').waitFor()
  await look(page, 'mfa-sign-in')
  await page.getByLabel('Code', { exact: true }).fill(await app.next())
  await page.getByRole('heading', { level: 1, name: 'Welcome, Ada Lovelace' }).waitFor()

  await leave()
  await signIn(page, program.url, 'ada@example.com')
  await page.getByRole('button', { name: 'Use a backup code' }).click()
  await page.getByLabel('Backup code').fill(codes[0] ?? '')
  await page.getByRole('button', { name: 'Verify' }).click()
  await page.getByRole('heading', { level: 1, name: 'Welcome, Ada Lovelace' }).waitFor()

  await page.goto(`${program.url}/app/accounts/1/profile/mfa`)
  await page.getByRole('button', { name: 'New backup codes' }).click()
  await page.getByLabel('Code of six digits').fill(await app.next())
  await page.getByRole('button', { name: 'Get new codes' }).click()
  await page.getByRole('heading', { name: 'Keep these backup codes' }).waitFor()
  expect(await page.getByTestId('backup-code').allInnerTexts()).not.toContain(codes[1])
  await page.getByRole('button', { name: 'I have kept them' }).click()
  await page.getByRole('button', { name: 'Switch off' }).click()
  await page.getByLabel('Current password').fill(password)
  await page.getByLabel('Code of six digits').fill(await app.next())
  await look(page, 'mfa-switch-off')
  await page.getByRole('dialog').getByRole('button', { name: 'Switch off' }).click()
  await page.getByRole('heading', { name: 'Two-step sign-in is off' }).waitFor()
  expect(faults).toEqual([])
})
