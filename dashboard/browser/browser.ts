import { mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { expect } from 'vitest'

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
const pictures = process.env.SCREENSHOTS

export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  })
}

/** A page that collects what a person should never see: errors of the console, failed loads. */
export async function open(browser: Browser, options: Parameters<Browser['newContext']>[0] = {}): Promise<{ page: Page; context: BrowserContext; faults: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1366, height: 768 }, locale: 'en-US', reducedMotion: 'reduce', ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  const faults: string[] = []
  page.on('pageerror', (e) => faults.push(`error: ${e.message}`))
  page.on('console', (m) => {
    // A refusal that a screen shows is written to the console by the browser itself.
    if (['error', 'warning'].includes(m.type()) && !/Failed to load resource.*\b4\d\d\b/.test(m.text())) faults.push(`${m.type()}: ${m.text()}`)
  })
  page.on('requestfailed', (r) => {
    if (r.failure()?.errorText !== 'net::ERR_ABORTED') faults.push(`request: ${r.url()} ${r.failure()?.errorText}`)
  })
  page.on('request', (r) => {
    const url = new URL(r.url())
    if (/^https?:$/.test(url.protocol) && url.hostname !== '127.0.0.1') faults.push(`another host is called: ${r.url()}`)
  })
  return { page, context, faults }
}

interface Violation {
  id: string
  nodes: { html: string; failureSummary?: string }[]
}

async function checkAxe(page: Page, name: string): Promise<void> {
  // Of this page's own world: the policy of the page keeps scripts out.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(await source())
  const found = await page.evaluate(async () => {
    const run = (window as unknown as { axe: { run: (context: Document, options: object) => Promise<{ violations: Violation[] }> } }).axe
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
    return (await run.run(document, { runOnly: tags })).violations
  })
  const lines = found.map((v) => `${v.id}: ${v.nodes.map((n) => n.html + '\n  ' + (n.failureSummary ?? '')).join('\n')}`)
  expect(lines, `${name}: axe`).toEqual([])
}

let text: Promise<string> | undefined
async function source(): Promise<string> {
  text ??= import('node:fs/promises').then((fs) => fs.readFile(axe, 'utf8'))
  return text
}

async function checkWidth(page: Page, name: string): Promise<void> {
  const over = await page.evaluate(() => {
    const width = document.documentElement.clientWidth
    if (document.documentElement.scrollWidth <= width) return []
    return [...document.querySelectorAll('body *')]
      .filter((e) => e.getBoundingClientRect().right > width + 1 || e.getBoundingClientRect().left < -1)
      .slice(0, 5)
      .map((e) => e.outerHTML.slice(0, 160))
  })
  expect(over, `${name}: scrolls sideways`).toEqual([])
}

type View = 'light' | 'dark' | 'phone' | 'phone-dark' | 'rtl'
const allViews: readonly View[] = ['light', 'dark', 'phone', 'phone-dark', 'rtl']

/** Looks at a screen as people have it: light, dark, a phone, from right to left; false leaves the last one out. */
export async function look(page: Page, name: string, views: readonly View[] | false = allViews): Promise<void> {
  const size = page.viewportSize() ?? { width: 1366, height: 768 }
  await page.waitForLoadState('networkidle')
  for (const view of views || allViews.slice(0, 4)) {
    await page.emulateMedia({ colorScheme: view.includes('dark') ? 'dark' : 'light' })
    await page.setViewportSize(view.startsWith('phone') ? { width: 360, height: 740 } : size)
    if (view === 'rtl') await page.evaluate(() => (document.documentElement.dir = 'rtl'))
    await checkWidth(page, `${name} ${view}`)
    await checkAxe(page, `${name} ${view}`)
    if (pictures) {
      await mkdir(pictures, { recursive: true })
      await page.screenshot({ path: join(pictures, `${name}-${view}.png`), fullPage: view !== 'rtl' })
    }
    if (view === 'rtl') await page.evaluate(() => (document.documentElement.dir = 'ltr'))
  }
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize(size)
}
