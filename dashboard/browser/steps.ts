import type { Browser, Page } from 'playwright-core'
import { expect } from 'vitest'
import { open } from './browser'

/** What several stories do, as people do it. */

export const password = 'A good Password 1!'

/** Makes the first administrator, ada@example.com of Acme. */
export async function onboard(page: Page, url: string, see: () => Promise<void> = async () => {}): Promise<void> {
  await page.goto(`${url}/`)
  await page.waitForURL('**/installation/onboarding')
  await see()
  await page.getByLabel('Your name').fill('Ada')
  await page.getByLabel('Company').fill('Acme')
  await page.getByLabel('E-mail address').fill('ada@example.com')
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Create the administrator' }).click()
  await page.waitForURL('**/app/login')
}

export async function signIn(page: Page, url: string, email: string, secret = password): Promise<void> {
  await page.goto(`${url}/app/login`)
  await page.getByLabel('E-mail address').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(secret)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

/** Signs the operator into the console, in a browser of their own. */
export async function operator(browser: Browser, url: string): Promise<Awaited<ReturnType<typeof open>>> {
  const opened = await open(browser)
  const { page } = opened
  await page.goto(`${url}/super_admin/sign_in`)
  await page.getByLabel('E-mail').fill('ada@example.com')
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL((u) => u.pathname !== '/super_admin/sign_in')
  return opened
}

/** The link in the newest held mail to somebody, as the operator finds it in the console. */
export async function linkTo(
  browser: Browser,
  url: string,
  email: string,
  see: (page: Page, name: string) => Promise<void> = async () => {},
): Promise<string> {
  const { page, context, faults } = await operator(browser, url)
  const mail = page.getByRole('row').filter({ hasText: email }).getByRole('link')
  const until = Date.now() + 30_000
  do {
    if (Date.now() > until) throw new Error(`no mail to ${email}`)
    await page.goto(`${url}/super_admin/mails`)
  } while ((await mail.count()) === 0)
  await see(page, 'operator-mails')
  await mail.first().click()
  const link = page.locator('pre a[href*="/app/auth/"]')
  await link.waitFor()
  await see(page, 'operator-mail')
  const href = (await link.getAttribute('href')) ?? ''
  expect(faults).toEqual([])
  await context.close()
  return href
}

/** Does something that stores a change, and waits until the server has stored it. */
export async function saved(page: Page, act: () => Promise<void>): Promise<void> {
  const stored = page.waitForResponse((r) => r.request().method() !== 'GET' && r.url().includes('/api/'))
  await act()
  expect((await stored).ok()).toBe(true)
  await page.getByText('Saved', { exact: true }).last().waitFor()
}
