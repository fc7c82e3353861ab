import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeAgent, makeInbox, onboardByApi, registrationIs, signUpNumber, until, type Client } from './api'
import { look, open, startBrowser } from './browser'
import { startProgram, type Program } from './program'
import { startStand, type ChannelName, type NumberState, type Stand } from './stand'
import { signIn } from './steps'

// An administrator connects every channel, and brings WhatsApp numbers to life.

let stand: Stand
let program: Program
let browser: Browser
let api: Client
let admin: Awaited<ReturnType<typeof open>>
let page: Page

const settings = (path: string) => `${program.url}/app/accounts/1/settings/inboxes/${path}`
const banner = () => page.getByTestId('registration')
const button = (name: string) => page.getByRole('button', { name, exact: true })

/** Marks the window: a page that was loaded again has lost the mark. */
const mark = () => page.evaluate(() => ((window as unknown as { same: boolean }).same = true))
const same = () => page.evaluate(() => (window as unknown as { same?: boolean }).same === true)

/** Meta's script, as far as the dashboard uses it: its dialog ends at once with what the test says. */
async function fakeDialog(of: Page, code: string, message: Record<string, unknown>): Promise<void> {
  await of.route('https://connect.facebook.net/**', (route) =>
    route.fulfill({
      contentType: 'text/javascript',
      body: `window.FB = {
        init: (o) => { window.inited = o },
        login: (done, options) => {
          window.asked = options
          window.dispatchEvent(new MessageEvent('message', { origin: 'https://www.facebook.com', data: JSON.stringify(${JSON.stringify(message)}) }))
          setTimeout(() => done({ authResponse: ${code ? `{ code: ${JSON.stringify(code)} }` : 'null'} }), 50)
        },
      }
      window.fbAsyncInit()`,
    }),
  )
}

beforeAll(async () => {
  stand = await startStand()
  program = await startProgram(stand.settings)
  await stand.serves(program)
  api = await onboardByApi(program)
  browser = await startBrowser()
  admin = await open(browser)
  page = admin.page
  await signIn(page, program.url, 'ada@example.com')
  await page.waitForURL('**/app/accounts/1/dashboard')
})

afterAll(async () => {
  await stand?.do('heal', {})
  await browser?.close()
  await program?.stop()
  await stand?.stop()
})

test('a number stuck in Pending: the banner completes it, the badge turns green, nothing is reloaded', async () => {
  const { number } = await stand.do('add_number', { state: 'pending_name', name: 'Willow Bakery' })
  const { id } = await signUpNumber(stand, api, number)
  await registrationIs(api, id, 'waiting_for_meta')

  await page.goto(settings('list'))
  await banner().getByText('The registration is not complete yet').waitFor()
  await page.getByText('Needs attention', { exact: true }).waitFor()
  await look(page, 'inboxes-pending')
  await page.getByRole('link', { name: 'Willow Bakery WhatsApp', exact: true }).click()
  await page.getByRole('heading', { level: 1, name: 'Willow Bakery WhatsApp' }).waitFor()
  await banner().getByText('Meta is reviewing the display name').waitFor()
  await page.getByRole('link', { name: /^Account health/ }).click()
  await page.getByTestId('health-name_status').getByText('Under review').waitFor()
  await page.getByTestId('health-platform_type').getByText('Nobody yet').waitFor()
  await page.getByTestId('verdict').getByText('Waiting for Meta').waitFor()
  await page.getByTestId('attempt').first().waitFor()
  await page.getByRole('button', { name: 'Review of the name: what does it mean?' }).focus()
  await page.getByRole('tooltip').getByText('Do not edit it meanwhile').waitFor()
  await page.keyboard.press('Escape')
  await look(page, 'inbox-health-pending')
  expect(await page.getByRole('button', { name: /^Refresh in/ }).isDisabled()).toBe(true)
  await mark()

  // Meta approves, and its news is lost: only a person can know.
  await stand.meta('approve_name', number, { silent: true })
  // The program itself made an attempt a moment ago: people wait a minute, too.
  await until('the minute between presses', async () => {
    await banner().getByRole('button', { name: 'Complete registration' }).click()
    const answer = banner().getByText(/Please wait 60 seconds|The number is being registered/)
    await answer.first().waitFor()
    if (await banner().getByText('The number is being registered').count()) return true
    await look(page, 'inbox-banner-refused', ['light'])
    await page.waitForTimeout(5_000)
    return false
  }, 90_000)
  await until('Meta has it registered', async () => (await stand.do('number', { number })).facts.registered)
  await page.getByTestId('verdict').getByText('Being registered').waitFor()
  await look(page, 'inbox-banner-registering')
  await stand.meta('onboarded', number)
  await banner().getByText('The number is live').waitFor()
  await page.getByTestId('health-status').getByText('Connected', { exact: true }).waitFor()
  await page.getByTestId('health-platform_type').getByText('Cloud API', { exact: true }).waitFor()
  await page.getByTestId('verdict').getByText('All is well').waitFor()
  expect(await page.getByTestId('health-status').locator('.text-good').count()).toBeGreaterThan(0)
  expect(await same()).toBe(true)
  await look(page, 'inbox-health-live')
  await button('Dismiss').first().click()
  await page.getByRole('link', { name: 'Inboxes' }).first().click()
  await page.getByRole('link', { name: 'Willow Bakery WhatsApp', exact: true }).waitFor()
  expect(await page.getByText('Needs attention', { exact: true }).count()).toBe(0)
})

test('a PIN of somebody else is entered, or replaced with consent', async () => {
  for (const way of ['known', 'replace'] as const) {
    const { number } = await stand.do('add_number', { state: 'pin_elsewhere', pin: '123456', name: `Pin ${way}` })
    const { id } = await signUpNumber(stand, api, number)
    await registrationIs(api, id, 'needs_admin')
    await page.goto(settings(`${id}/inbox_settings`))
    await banner().getByText('a two-step PIN that we do not know').waitFor()
    const dialog = page.getByRole('dialog')
    await banner().getByRole('button', { name: 'Complete registration' }).click()
    if (way === 'known') {
      await look(page, 'inbox-pin')
      await dialog.getByLabel('PIN', { exact: true }).fill('123456')
    } else {
      await dialog.getByText('Replace the PIN').click()
      expect(await dialog.getByRole('button', { name: 'Complete registration' }).isDisabled()).toBe(true)
      await dialog.getByLabel(/I agree that the PIN is replaced/).check()
      await look(page, 'inbox-pin-replace')
    }
    await dialog.getByRole('button', { name: 'Complete registration' }).click()
    await until('Meta has it registered', async () => (await stand.do('number', { number })).facts.registered)
    await banner().getByText('The number is being registered').waitFor()
  }
})

test('a number is verified with the code that its owner gets', async () => {
  const { number, code } = await stand.do('add_number', { state: 'not_verified', name: 'Unverified' })
  const { id } = await signUpNumber(stand, api, number)
  await registrationIs(api, id, 'needs_admin')
  await page.goto(settings(`${id}/configuration`))
  await banner().getByRole('button', { name: 'Verify the number' }).click()
  const dialog = page.getByRole('dialog')
  await look(page, 'inbox-code')
  await dialog.getByRole('button', { name: 'Send the code' }).click()
  await dialog.getByText('The code is on its way').waitFor()
  await dialog.getByLabel('Code', { exact: true }).fill('000000')
  await dialog.getByRole('button', { name: 'Verify', exact: true }).click()
  await dialog.getByRole('alert').waitFor()
  await look(page, 'inbox-code-refused')
  await dialog.getByLabel('Code', { exact: true }).fill(code)
  await dialog.getByRole('button', { name: 'Verify', exact: true }).click()
  await page.getByText('The number is verified').waitFor()
  await until('Meta has the proof', async () => (await stand.do('number', { number })).facts.code_verification_status === 'VERIFIED')
})

const states: [NumberState, string][] = [
  ['declined', 'Meta declined the display name'],
  ['expired_name', 'The approval of the display name ran out'],
  ['existing_account', 'Another WhatsApp account uses the number'],
  ['restricted', 'Meta restricted the account'],
  ['on_premise', 'The number is on the on-premise API'],
  ['rate_limited', 'Meta takes no more attempts for now'],
]
test.each(states)('a number that is %s says what to do', async (state, title) => {
  const { number } = await stand.do('add_number', { state, name: `Is ${state}` })
  const { id } = await signUpNumber(stand, api, number)
  await registrationIs(api, id, state === 'rate_limited' ? 'rate_limited' : 'needs_admin')
  await page.goto(settings(`${id}/whatsappHealth`))
  await banner().getByText(title).first().waitFor()
  await page.getByTestId('verdict').waitFor()
  if (state === 'rate_limited') expect(await banner().getByRole('button', { name: 'Complete registration' }).isDisabled()).toBe(true)
  await look(page, `inbox-banner-${state}`, state === 'rate_limited' ? undefined : ['light', 'phone-dark'])
})

test('a lost permission is renewed through Meta’s dialog', async () => {
  const made = await stand.do('add_number', { name: 'Lost' })
  const { id } = await signUpNumber(stand, api, made.number)
  await registrationIs(api, id, 'registered')
  await stand.meta('kill_tokens', made.number)
  await page.goto(settings(`${id}/whatsappHealth`))
  // The reading of a moment ago is shown until it is older than half a minute.
  await until('Meta was asked', async () => {
    const refresh = page.getByRole('button', { name: 'Refresh', exact: true })
    if (await refresh.count()) await refresh.click()
    return (await banner().getByText('Meta no longer accepts our permission').count()) > 0
  }, 60_000)
  await page.getByText('Meta did not answer as hoped').waitFor()
  await look(page, 'inbox-health-lost')
  const { body } = await stand.do('signup', { number: made.number })
  await fakeDialog(page, '', { type: 'WA_EMBEDDED_SIGNUP', event: 'CANCEL', data: {} })
  await banner().getByRole('button', { name: 'Reconnect' }).click()
  await banner().getByText('Cancelled').waitFor()
  await page.unroute('https://connect.facebook.net/**')
  await page.reload()
  await fakeDialog(page, body.code ?? '', { type: 'WA_EMBEDDED_SIGNUP', event: 'FINISH', data: { waba_id: body.waba_id, phone_number_id: body.phone_number_id, business_id: body.business_id } })
  await banner().getByRole('button', { name: 'Reconnect' }).click()
  await registrationIs(api, id, 'registered')
  await banner().getByText('Meta no longer accepts our permission').waitFor({ state: 'detached' })
  await page.unroute('https://connect.facebook.net/**')
})

test('WhatsApp is connected in Meta’s dialog, step by step', async () => {
  const { number } = await stand.do('add_number', { state: 'pending_name', name: 'Fresh Fish' })
  const { body } = await stand.do('signup', { number })
  await page.goto(settings('new'))
  await page.getByRole('heading', { level: 1, name: 'Add an inbox' }).waitFor()
  await look(page, 'wizard-choose')
  await page.getByRole('link', { name: /^WhatsApp/ }).click()
  await button('Connect with Meta').waitFor()
  await page.getByText('Providers cannot reach this installation').waitFor()
  await look(page, 'wizard-whatsapp')
  await fakeDialog(page, body.code ?? '', { type: 'WA_EMBEDDED_SIGNUP', event: body.event ?? 'FINISH', data: { waba_id: body.waba_id, phone_number_id: body.phone_number_id, business_id: body.business_id } })
  await button('Connect with Meta').click()
  await page.getByRole('heading', { level: 1, name: 'Who answers here?' }).waitFor()
  const asked = await page.evaluate(() => (window as unknown as { asked: Record<string, unknown> }).asked)
  expect(asked).toMatchObject({ config_id: stand.settings.WHATSAPP_CONFIGURATION_ID, response_type: 'code', override_default_response_type: true })
  await look(page, 'wizard-agents')
  await button('Add these agents').click()
  await page.getByRole('heading', { level: 1, name: 'Fresh Fish WhatsApp is there' }).waitFor()
  await banner().getByText('The registration is not complete yet').waitFor()
  await page.getByRole('img', { name: /QR code of https:\/\/wa.me/ }).waitFor()
  await look(page, 'wizard-finish-whatsapp')
  await page.unroute('https://connect.facebook.net/**')
})

/** What is typed into the wizard for a channel of the stand. */
async function fill(values: Record<string, string>): Promise<void> {
  for (const [name, value] of Object.entries(values)) await page.locator(`[name=${name}]`).fill(value)
}

const text = (v: unknown): string => (typeof v === 'string' || typeof v === 'number' ? String(v) : '')

interface Case {
  channel: ChannelName
  sub: string
  way?: string
  values: (p: Record<string, unknown>) => Record<string, string>
}
const config = (p: Record<string, unknown>) => (p.provider_config ?? {}) as Record<string, unknown>
const inner = (p: Record<string, unknown>) => (p.channel ?? p.twilio_channel ?? p) as Record<string, unknown>
const cases: Case[] = [
  {
    channel: 'whatsapp_cloud', sub: 'whatsapp', way: 'Meta, by hand',
    values: (p) => ({ name: 'By hand', phone_number: text(p.phone_number), phone_number_id: text(config(p).phone_number_id), business_account_id: text(config(p).business_account_id), api_key: text(config(p).api_key) }),
  },
  { channel: 'whatsapp_360', sub: 'whatsapp', way: '360dialog', values: (p) => ({ name: 'Dialog', phone_number: text(p.phone_number), dialog_key: text(config(p).api_key) }) },
  {
    channel: 'twilio_whatsapp', sub: 'whatsapp', way: 'Twilio',
    values: (p) => ({ name: 'Twilio WhatsApp', account_sid: text(p.account_sid), auth_token: text(p.auth_token), phone_number: text(p.phone_number) }),
  },
  {
    channel: 'twilio_sms', sub: 'sms', way: 'Twilio',
    values: (p) => ({
      name: 'Twilio SMS', account_sid: text(p.account_sid), auth_token: text(p.auth_token),
      ...(p.messaging_service_sid ? { messaging_service_sid: text(p.messaging_service_sid) } : { phone_number: text(p.phone_number) }),
    }),
  },
  {
    channel: 'sms', sub: 'sms', way: 'Bandwidth',
    values: (p) => ({
      name: 'Bandwidth', phone_number: text(p.phone_number), account_id: text(config(p).account_id), application_id: text(config(p).application_id),
      bandwidth_key: text(config(p).api_key), bandwidth_secret: text(config(p).api_secret),
    }),
  },
  { channel: 'telegram', sub: 'telegram', values: (p) => ({ bot_token: text(p.bot_token) }) },
  {
    channel: 'line', sub: 'line',
    values: (p) => ({ name: 'Line', line_channel_id: text(p.line_channel_id), line_channel_secret: text(p.line_channel_secret), line_channel_token: text(p.line_channel_token) }),
  },
  { channel: 'api', sub: 'api', values: (p) => ({ name: 'Our own', webhook_url: text(p.webhook_url) }) },
]

test.each(cases)('she connects $channel, and the first message turns the check green', async ({ channel, sub, way, values }) => {
  const known = await stand.do('channel', { channel })
  await page.goto(settings(`new/${sub}`))
  if (way) await page.getByText(way, { exact: true }).click()
  await fill(values(inner(known.params)))
  await look(page, `wizard-${channel}`, ['light', 'phone-dark'])
  await button('Connect').click()
  await page.getByRole('heading', { level: 1, name: 'Who answers here?' }).waitFor()
  await button('Add these agents').click()
  await page.waitForURL('**/finish')
  const id = Number(/new\/(\d+)\/finish/.exec(page.url())?.[1])
  const strip = page.getByTestId('webhook-strip')
  await strip.getByText('Waiting for the first message').waitFor()
  if (channel === 'api') {
    const made = await api.at<{ inbox_identifier: string }>('get', `inboxes/${id}`)
    await stand.do('attach', { channel, identifier: made.inbox_identifier })
  }
  await look(page, `wizard-finish-${channel}`, channel === 'api' || channel === 'sms' ? undefined : ['light', 'phone'])
  // What a person would paste at the provider.
  if (channel === 'sms') {
    const made = await api.at<{ provider_config: Record<string, string> }>('get', `inboxes/${id}`)
    expect(made.provider_config.webhook_username).toBeTruthy()
    return
  }
  if (channel !== 'whatsapp_cloud') await stand.do('ready', { channel })
  await stand.do('message', { channel, text: `Hello ${channel}` })
  await strip.getByText('The first message arrived', { exact: true }).waitFor()
  await strip.getByRole('link', { name: 'Open conversation' }).waitFor()
  await look(page, `wizard-proven-${channel}`, ['light'])
})

test('a refusal is told where it was typed, and nothing is lost', async () => {
  await page.goto(settings('new/telegram'))
  await fill({ bot_token: '1:wrong' })
  await button('Connect').click()
  await page.getByText(/invalid token/i).first().waitFor()
  expect(await page.locator('[name=bot_token]').inputValue()).toBe('1:wrong')
  await look(page, 'wizard-refused', ['light', 'phone'])
  await page.goto(settings('new/sms'))
  await fill({ name: 'Wrong', account_sid: 'AC1', auth_token: 'no', phone_number: '+15005550006' })
  await button('Connect').click()
  await page.getByText('It was not connected').waitFor()
  expect(await page.locator('[name=account_sid]').inputValue()).toBe('AC1')
  // A forged webhook is named with its cure.
  const inbox = await makeInbox(stand, program, api, 'line/1')
  await stand.do('message', { channel: 'line/1', text: 'Forged', forged: true }).catch(() => {})
  await page.goto(settings(`${inbox.id}/configuration`))
  await page.getByText(/^Refused: the signature/).waitFor()
  await look(page, 'inbox-hook-refused')
})

test('she connects website, e-mail and voice, which are not carried yet', async () => {
  await page.goto(settings('new/website'))
  await page.getByText('This version does not carry these messages yet').waitFor()
  await fill({ name: 'Shop', website_url: 'https://shop.example' })
  await look(page, 'wizard-website', ['light', 'phone'])
  await button('Connect').click()
  await page.getByRole('link', { name: 'Do this later' }).click()
  await page.getByText('Code for your site').waitFor()
  await look(page, 'wizard-finish-website')
  await page.goto(settings('new/email'))
  await fill({ name: 'Mail', email: 'help@acme.example' })
  await button('Connect').click()
  await page.getByRole('link', { name: 'Do this later' }).click()
  await page.getByText('Address to forward to').or(page.getByText('Mail is there')).first().waitFor()
  await look(page, 'wizard-finish-email', ['light'])
  await page.getByRole('link', { name: 'Enter the mailbox' }).click()
  await page.getByRole('switch', { name: 'Fetch mails from a mailbox' }).click()
  await fill({ imap_address: '127.0.0.1', imap_port: '1', imap_login: 'a', imap_password: 'b' })
  await page.getByRole('form', { name: /IMAP/ }).getByRole('button', { name: 'Save' }).click()
  await page.getByRole('form', { name: /IMAP/ }).getByRole('alert').waitFor()
  await look(page, 'inbox-mailbox')
  await page.getByRole('form', { name: /IMAP/ }).getByRole('button', { name: 'Discard changes' }).click()
  await page.goto(settings('new/voice'))
  await page.getByRole('heading', { level: 1, name: 'Connect Voice' }).waitFor()
  const twilio = inner((await stand.do('channel', { channel: 'twilio_sms' })).params)
  const [sid, token] = [text(twilio.account_sid), text(twilio.auth_token)]
  await fill({ name: 'Phone', phone_number: '+15005550006', account_sid: sid, auth_token: token, api_key_sid: sid, api_key_secret: token })
  await look(page, 'wizard-voice', ['light', 'phone'])
  await button('Connect').click()
  await page.getByRole('link', { name: 'Do this later' }).click()
  await page.getByText('URL for calls').waitFor()
  await look(page, 'wizard-finish-voice', ['light'])
})

test('she connects a page of Facebook, and its Instagram account comes along', async () => {
  await page.goto(settings('new/instagram'))
  await button('Sign in at Facebook').waitFor()
  await look(page, 'wizard-instagram', ['light'])
  const known = await stand.do('channel', { channel: 'instagram_page' })
  await page.goto(settings('new/facebook'))
  await page.route('https://connect.facebook.net/**', (route) =>
    route.fulfill({
      contentType: 'text/javascript',
      body: `window.FB = { init: () => {}, login: (done) => done({ authResponse: { accessToken: ${JSON.stringify(text(known.params.user_access_token))} } }) }; window.fbAsyncInit()`,
    }),
  )
  await button('Sign in at Facebook').click()
  await page.getByLabel(known.name).check()
  await look(page, 'wizard-facebook', ['light', 'phone'])
  await button('Connect').click()
  await page.getByRole('link', { name: 'Do this later' }).click()
  const strip = page.getByTestId('webhook-strip')
  await strip.getByText('Waiting for the first message').waitFor()
  await stand.do('message', { channel: 'instagram_page', text: 'Hello page' })
  await strip.getByText('The first message arrived', { exact: true }).waitFor()
  await look(page, 'wizard-proven-facebook', ['light'])
  await page.unroute('https://connect.facebook.net/**')
})

test('she changes the settings of an inbox, and only what she changed is sent', async () => {
  const list = await api.at<{ payload: { id: number; name: string }[] }>('get', 'inboxes')
  const shop = list.payload.find((i) => i.name === 'Shop')
  const tab = async (key: string, name: string) => {
    await page.goto(settings(`${shop?.id}/${key}`))
    await page.getByRole('heading', { level: 1, name: 'Shop' }).waitFor()
    await page.getByRole('heading', { level: 2, name }).first().waitFor()
  }
  const sent = async (act: () => Promise<void>) => {
    const request = page.waitForRequest((r) => r.method() === 'PATCH' && r.url().includes('/inboxes/'))
    await act()
    await page.getByText('Saved', { exact: true }).last().waitFor()
    return (await request).postDataJSON() as Record<string, unknown>
  }
  const save = () => sent(() => button('Save').click())

  await tab('inbox_settings', 'Greeting')
  await page.getByRole('switch', { name: 'Send a greeting' }).click()
  await page.locator('[name=greeting_message]').fill('Hello!')
  await look(page, 'inbox-settings')
  // Another tab is not opened over what was typed.
  await page.getByRole('link', { name: 'Business hours' }).click()
  await page.getByRole('heading', { name: 'Leave without saving?' }).waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
  expect(await save()).toEqual({ greeting_enabled: true, greeting_message: 'Hello!' })

  await tab('businesshours', 'Business hours')
  await page.getByRole('switch', { name: 'This inbox has business hours' }).click()
  await page.getByLabel('Monday: closes at').fill('08:00')
  await page.getByText('It must close after it opens').waitFor()
  expect(await button('Save').isDisabled()).toBe(true)
  await look(page, 'inbox-hours')
  await page.getByLabel('Monday: closes at').fill('18:30')
  await page.getByRole('button', { name: 'Copy to all days: Monday' }).click()
  const hours = (await save()) as { working_hours: { day_of_week: number; close_hour: number }[] }
  expect(hours.working_hours).toHaveLength(7)
  expect(hours.working_hours.every((h) => h.close_hour === 18)).toBe(true)

  await tab('collaborators', 'Agents')
  await page.getByLabel('Ada', { exact: true }).check()
  await page.locator('[name=max_assignment_limit]').fill('0')
  await page.getByText('Enter a whole number of at least 1').waitFor()
  await page.locator('[name=max_assignment_limit]').fill('5')
  await look(page, 'inbox-agents', ['light', 'phone'])
  expect(await save()).toEqual({ auto_assignment_config: { max_assignment_limit: 5 } })

  await tab('csat', 'Satisfaction survey')
  await page.getByRole('switch', { name: 'Send a survey' }).click()
  await page.locator('[name=csat_message]').fill('How was it?')
  await look(page, 'inbox-csat', ['light', 'phone'])
  expect(await save()).toEqual({ csat_survey_enabled: true, csat_config: { display_type: 'emoji', message: 'How was it?', survey_rules: { operator: 'contains', values: [] } } })

  await tab('widgetBuilder', 'Look')
  await page.getByLabel('Pick emoji').uncheck()
  await look(page, 'inbox-widget', ['light', 'phone'])
  expect(await save()).toEqual({ channel: { selected_feature_flags: ['attachments', 'end_conversation'] } })

  await tab('preChatForm', 'Form before the chat')
  await page.getByRole('switch', { name: 'Ask before the chat' }).click()
  await look(page, 'inbox-prechat', ['light', 'phone'])
  expect(await save()).toEqual({ channel: { pre_chat_form_enabled: true } })

  await api.at('post', 'agent_bots', { name: 'Robo', outgoing_url: 'https://bot.example/in' })
  await tab('botConfiguration', 'Agent bot')
  await page.locator('[name=agent_bot]').selectOption({ label: 'Robo' })
  await look(page, 'inbox-bot', ['light'])
  await button('Save').click()
  await page.getByText('Saved', { exact: true }).last().waitFor()
  expect(await api.at('get', `inboxes/${shop?.id}/agent_bot`)).toMatchObject({ agent_bot: { name: 'Robo' } })

  await tab('configuration', 'Copy these')
  await look(page, 'inbox-configuration-website', ['light', 'phone'])
})

test('an installation without Meta’s apps says which settings are missing', async () => {
  const bare = await startProgram()
  await onboardByApi(bare)
  const opened = await open(browser)
  await signIn(opened.page, bare.url, 'ada@example.com')
  await opened.page.waitForURL('**/dashboard')
  const at = (path: string) => opened.page.goto(`${bare.url}/app/accounts/1/settings/inboxes/${path}`)
  const policy = (await at('list'))?.headers()['content-security-policy']
  expect(policy).not.toContain('facebook')
  await opened.page.getByText('No inbox yet').waitFor()
  await look(opened.page, 'inboxes-none', ['light', 'phone'])
  await at('new/whatsapp')
  await opened.page.getByText('Missing settings of the installation: WHATSAPP_APP_ID, WHATSAPP_CONFIGURATION_ID').waitFor()
  await opened.page.locator('[name=phone_number_id]').waitFor()
  await look(opened.page, 'wizard-whatsapp-not-set', ['light', 'phone'])
  await at('new/facebook')
  await opened.page.getByText('Missing settings of the installation: FB_APP_ID').waitFor()
  await look(opened.page, 'wizard-facebook-not-set', ['light', 'phone'])
  expect(opened.faults).toEqual([])
  await opened.context.close()
  await bare.stop()
})

test('an agent reads the health, and changes nothing', async () => {
  const { number } = await stand.do('add_number', { state: 'pending_name', name: 'For agents' })
  const { id } = await signUpNumber(stand, api, number)
  await registrationIs(api, id, 'waiting_for_meta')
  const bo = await makeAgent(program, api, { name: 'Bo Berg', email: 'bo@example.com' })
  await api.at('post', 'inbox_members', { inbox_id: id, user_ids: [bo.id] })
  const opened = await open(browser)
  await signIn(opened.page, program.url, 'bo@example.com')
  await opened.page.waitForURL('**/dashboard')
  await opened.page.goto(settings(`${id}`))
  await opened.page.getByText('Sending is paused').waitFor()
  await opened.page.getByTestId('health-name_status').waitFor()
  expect(await opened.page.getByRole('button', { name: /Complete registration|Set it right|Save/ }).count()).toBe(0)
  await look(opened.page, 'inbox-agent')
  expect(opened.faults).toEqual([])
  await opened.context.close()
})

test('she deletes an inbox: the row is grey until it is gone', async () => {
  await page.goto(settings('list'))
  await page.getByRole('button', { name: 'Delete Shop' }).click()
  await look(page, 'inbox-delete', ['light'])
  await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click()
  await page.getByText('Shop is being deleted').waitFor()
  await page.getByRole('listitem').filter({ hasText: 'Shop' }).waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Dismiss' }).last().click()
  await look(page, 'inboxes')
  expect(admin.faults.filter((f) => !f.includes('connect.facebook.net'))).toEqual([])
})
