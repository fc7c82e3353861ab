import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { look, open, startBrowser } from './browser'
import { startProgram, type Program } from './program'
import { linkTo, onboard, operator, password, signIn } from './steps'

// The other ways in and out: sign-up, confirmation, forgotten password, two
// accounts, too many attempts, the end of a session, a suspended account; from
// right to left, and without a mouse.

let program: Program
let browser: Browser
let ada: Awaited<ReturnType<typeof open>>
const cy = 'cy@example.org'

beforeAll(async () => {
  program = await startProgram({ ENABLE_ACCOUNT_SIGNUP: 'true', TERMS_URL: 'https://desk.example/terms', PRIVACY_URL: 'https://desk.example/privacy' })
  browser = await startBrowser()
  ada = await open(browser)
  await onboard(ada.page, program.url)
})

afterAll(async () => {
  await browser?.close()
  await program?.stop()
})

test('somebody signs up, and confirms the address', async () => {
  const { page, context, faults } = await open(browser)
  await page.goto(`${program.url}/app/login`)
  await look(page, 'sign-in-open')
  await page.getByRole('link', { name: 'Create an account' }).click()
  await page.getByRole('heading', { name: 'Create an account' }).waitFor()
  await page.getByLabel('Your name').fill('Cy Young')
  await page.getByLabel('Company').fill('Shop')
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByLabel('E-mail address').fill('ada@example.com')
  await page.getByRole('button', { name: 'Create an account' }).click()
  await page.getByRole('alert').waitFor()
  await look(page, 'sign-up-refused')
  await page.getByLabel('E-mail address').fill(cy)
  await page.getByRole('button', { name: 'Create an account' }).click()
  await page.getByRole('heading', { level: 1, name: 'Welcome, Cy Young' }).waitFor()
  await page.getByText(`a mail is on its way to ${cy}`).waitFor()
  await look(page, 'home-unconfirmed')
  await page.getByRole('button', { name: 'Send it again' }).click()
  await page.getByText('Sent. Look in your inbox.').waitFor()

  const link = await linkTo(browser, program.url, cy)
  expect(new URL(link).pathname).toBe('/app/auth/confirmation')
  await page.goto(link)
  await page.getByRole('heading', { level: 1, name: 'Welcome, Cy Young' }).waitFor()
  expect(await page.getByText('a mail is on its way').count()).toBe(0)
  await page.goto(link)
  await page.getByText('already confirmed').waitFor()
  await look(page, 'confirmed-already')

  // Cy invites Ada, who then has two accounts.
  await page.goto(`${program.url}/app/accounts/2/settings/agents/list`)
  await page.getByRole('button', { name: 'Invite an agent' }).click()
  await page.getByLabel('Name', { exact: true }).fill('Ada')
  await page.getByLabel('E-mail address').fill('ada@example.com')
  await page.getByRole('button', { name: 'Send the invitation' }).click()
  await page.getByText('ada@example.com gets a mail').waitFor()
  expect(faults).toEqual([])
  await context.close()
})

test('who has two accounts changes between them, and comes back to the latest', async () => {
  const { page, faults } = ada
  await signIn(page, program.url, 'ada@example.com')
  await page.waitForURL('**/app/accounts/1/welcome')
  await page.getByRole('button', { name: 'Acme' }).click()
  await page.getByText('Switch account').waitFor()
  await look(page, 'menu-accounts')
  await page.getByRole('link', { name: 'Shop' }).click()
  await page.waitForURL('**/app/accounts/2/welcome')
  await page.getByRole('button', { name: 'Shop' }).waitFor()
  await page.waitForLoadState('networkidle')
  await page.goto(`${program.url}/app`)
  await page.waitForURL('**/app/accounts/2/welcome')
  // An account of others is not there for her.
  await page.goto(`${program.url}/app/accounts/99/dashboard`)
  await page.getByRole('heading', { name: 'There is no such page' }).waitFor()
  expect(faults).toEqual([])
})

test('a forgotten password is replaced, by a link that works once', async () => {
  const { page, context, faults } = await open(browser)
  await page.goto(`${program.url}/app/login?email=${cy}`)
  expect(await page.getByLabel('E-mail address').inputValue()).toBe(cy)
  await page.getByRole('link', { name: 'Forgotten?' }).click()
  await page.getByRole('button', { name: 'Send the link' }).waitFor() // the page before has such a field, too
  await page.getByLabel('E-mail address').fill('nobody@example.org')
  await look(page, 'reset')
  await page.getByRole('button', { name: 'Send the link' }).click()
  await page.getByText('If there is an account for nobody@example.org').waitFor()
  await page.reload()
  await page.getByLabel('E-mail address').fill(cy)
  await page.getByRole('button', { name: 'Send the link' }).click()
  await page.getByText(`If there is an account for ${cy}`).waitFor()
  await look(page, 'reset-sent')
  const link = await linkTo(browser, program.url, cy)
  expect(new URL(link).pathname).toBe('/app/auth/password/edit')
  await page.goto(link)
  await page.getByLabel('New password').fill('Another 1 word!')
  await page.getByLabel('The same once more').fill('Another 1')
  await page.getByRole('button', { name: 'Save and sign in' }).click()
  await page.getByText('The two passwords differ').waitFor()
  await page.getByLabel('The same once more').fill('Another 1 word!')
  await page.getByRole('button', { name: 'Save and sign in' }).click()
  await page.getByRole('heading', { level: 1, name: 'Welcome, Cy Young' }).waitFor()
  await page.goto(link)
  await page.getByLabel('New password').fill(password)
  await page.getByLabel('The same once more').fill(password)
  await page.getByRole('button', { name: 'Save and sign in' }).click()
  await page.getByText('This link is used up').waitFor()
  await look(page, 'password-dead')
  expect(faults).toEqual([])
  await context.close()
})

test('too many attempts are answered with a wait', async () => {
  // Loopback is never refused: this client comes from elsewhere.
  const { page, context, faults } = await open(browser, { extraHTTPHeaders: { 'X-Forwarded-For': '203.0.113.7' } })
  for (let i = 0; i < 5; i++) {
    await signIn(page, program.url, `nobody${i}@example.org`, 'wrong')
    await page.getByText('do not match').waitFor()
  }
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText(/Try again in \d:\d\d/).waitFor()
  expect(await page.getByRole('button', { name: 'Sign in' }).isDisabled()).toBe(true)
  await look(page, 'sign-in-wait')
  expect(faults).toEqual([])
  await context.close()
})

test('links of other services sign in or say why not', async () => {
  const { page, context, faults } = await open(browser)
  await page.goto(`${program.url}/app/login?email=ada%2540example.com&sso_auth_token=${'0'.repeat(64)}`)
  await page.getByText('That sign-in link is used up').waitFor()
  expect(page.url()).not.toContain('sso_auth_token')
  expect(await page.getByLabel('E-mail address').inputValue()).toBe('ada@example.com')
  for (const [error, sentence] of [
    ['no-account-found', 'There is no account for this address'],
    ['business-account-only', 'e-mail address of your company'],
    ['saml-not-enabled', 'has not switched on single sign-on'],
    ['never-heard-of', 'That did not work'],
  ] as const) {
    await page.goto(`${program.url}/app/login?error=${error}`)
    await page.getByText(sentence).waitFor()
  }
  await page.goto(`${program.url}/app/login/sso?error=saml-authentication-failed`)
  await page.getByText('Single sign-on did not work').waitFor()
  await look(page, 'sso')
  expect(faults).toEqual([])
  await context.close()
})

test('who was sent to sign in arrives where they wanted to go; an ended session leads there, too', async () => {
  const { page, context, faults } = await open(browser)
  await page.goto(`${program.url}/app/accounts/1/profile/settings`)
  await page.waitForURL('**/app/login?next=**')
  await page.getByLabel('E-mail address').fill('ada@example.com')
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.keyboard.press('Enter')
  await page.waitForURL('**/app/accounts/1/profile/settings')
  await page.getByLabel('Full name').waitFor()

  // The session ends elsewhere.
  const cookie = (await context.cookies(`${program.url}/app`)).find((c) => c.name === 'cw_d_session_info')
  const tokens = JSON.parse(decodeURIComponent(cookie?.value ?? '')) as Record<string, string>
  const answer = await fetch(`${program.url}/auth/sign_out`, {
    method: 'DELETE',
    headers: { 'access-token': tokens['access-token'] ?? '', client: tokens.client ?? '', uid: tokens.uid ?? '' },
  })
  expect(answer.status).toBe(200)
  // Whatever calls first notices it: what she saves, or what the page reads by itself.
  const ended = page.getByText('Your session has ended')
  const save = async () => {
    await page.getByLabel('Your signature').fill('Ada')
    await page.getByRole('button', { name: 'Save' }).nth(1).click()
  }
  await Promise.race([ended.waitFor(), save().catch(() => {})])
  await ended.waitFor()
  await look(page, 'sign-in-ended')
  expect((await context.cookies(`${program.url}/app`)).some((c) => c.name === 'cw_d_session_info')).toBe(false)
  expect(faults).toEqual([])
  await context.close()
})

test('everything is there in Arabic, from right to left', async () => {
  const { page, context, faults } = await open(browser, { locale: 'ar' })
  await page.goto(`${program.url}/app/login`)
  await page.getByRole('heading', { name: 'تسجيل الدخول' }).waitFor()
  expect(await page.evaluate(() => [document.documentElement.dir, document.documentElement.lang])).toEqual(['rtl', 'ar'])
  await look(page, 'arabic-sign-in', false)
  await page.locator('[name=email]').fill('ada@example.com')
  await page.locator('[name=password]').fill(password)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'مرحبًا Ada' }).waitFor()
  await look(page, 'arabic-home', false)
  await page.goto(`${program.url}/app/accounts/1/profile/settings`)
  await page.locator('[name=name]').waitFor()
  await look(page, 'arabic-profile', false)
  await page.goto(`${program.url}/app/accounts/1/settings/agents/list`)
  await page.getByText('ada@example.com').waitFor()
  await look(page, 'arabic-agents', false)
  expect(faults).toEqual([])
  await context.close()
})

test('longer words fit on a phone, too', async () => {
  for (const locale of ['de', 'fr', 'es', 'pt-BR']) {
    const { page, context, faults } = await open(browser, { locale, viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true })
    await page.goto(`${program.url}/app/login`)
    await page.locator('[name=email]').fill('ada@example.com')
    await page.locator('[name=password]').fill(password)
    await page.keyboard.press('Enter')
    await page.waitForURL('**/dashboard')
    for (const path of ['dashboard', 'profile/settings', 'profile/mfa', 'settings/agents/list', 'settings/general']) {
      await page.goto(`${program.url}/app/accounts/1/${path}`)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await look(page, `${locale}-${path.replace('/', '-')}`, ['phone'])
    }
    expect(faults).toEqual([])
    await context.close()
  }
})

test('no mouse is needed', async () => {
  const { page, context, faults } = await open(browser)
  const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim() || document.activeElement?.getAttribute('name'))
  await page.goto(`${program.url}/app/login`)
  await page.getByLabel('E-mail address').waitFor()
  expect(await focused()).toBe('email')
  await page.keyboard.type('ada@example.com')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.keyboard.type(password)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'Welcome, Ada' }).waitFor()
  await page.goto(`${program.url}/app/accounts/1/dashboard`)
  await page.getByRole('link', { name: 'Protect your account' }).waitFor()
  await page.keyboard.press('Tab')
  expect(await focused()).toBe('Skip to content')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Tab')
  expect(await focused()).toContain('Connect a channel')
  await page.keyboard.press('Tab')
  expect(await focused()).toContain('Invite your colleagues')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'Agents' }).waitFor()
  expect(await focused()).toBe('Agents')
  await page.keyboard.press('Tab')
  expect(await focused()).toBe('Invite an agent')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').waitFor()
  expect(await focused()).toBe('agent_name')
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  expect(await focused()).toBe('Invite an agent')
  expect(faults).toEqual([])
  await context.close()
})

test('a suspended account says so', async () => {
  const console = await operator(browser, program.url)
  await console.page.goto(`${program.url}/super_admin/accounts/2`)
  await console.page.getByRole('button', { name: 'Suspend' }).click()
  await console.page.getByText('suspended', { exact: true }).waitFor()
  await console.context.close()
  const { page, faults } = ada
  await page.goto(`${program.url}/app/accounts/2/dashboard`)
  await page.getByRole('heading', { name: 'This account is suspended' }).waitFor()
  expect(new URL(page.url()).pathname).toBe('/app/accounts/2/suspended')
  await look(page, 'suspended')
  await page.getByRole('button', { name: 'Shop' }).click()
  await page.getByRole('link', { name: 'Acme' }).click()
  await page.getByRole('heading', { level: 1, name: 'Welcome, Ada' }).waitFor()
  expect(faults).toEqual([])
})
