import { nextTick, ref } from 'vue'
import { describe, expect, test } from 'vitest'
import type { Inbox } from '@/data/directory'
import { addressOf, icons, isPublic, kindOf, needsAttention, tabsOf } from './channels'
import { bandwidth, credentialsOf } from './credentials'
import { useDraft } from './draft'
import { ago } from './moments'
import { dayOf, faultOf, hourOf, notStored, type WorkingHour } from './settings/hours'
import { channelOf as mailboxChannel, mailboxOf, usualPort } from './settings/mailbox'
import en from './texts/en.json'
import { linkOf, valuesOf } from './values'
import { refusals, stageOf } from './webhook'
import { signupMessage } from './whatsapp/meta'
import { channels, e164, incomplete, missing } from './wizard/catalog'

const inbox = (more: Partial<Inbox>): Inbox => ({ channel_type: 'Channel::Api', provider: null, phone_number: null, callback_webhook_url: null, ...more }) as Inbox
const said = (path: string): unknown => path.split('.').reduce<unknown>((o, k) => (o as Record<string, unknown> | undefined)?.[k], en)

describe('texts of tables', () => {
  test('of channels and ways to connect them', () => {
    for (const kind of Object.keys(icons)) {
      expect(said(`kind.${kind}`), kind).toBeTypeOf('string')
      expect(said(`wizard.next.${kind}`), kind).toBeTypeOf('string')
    }
    for (const c of channels) {
      expect(said(`wizard.about.${c.key}`), c.key).toBeTypeOf('string')
      expect(said(`wizard.intro.${c.key}`), c.key).toBeTypeOf('string')
      if (c.quiet) expect(said(`wizard.quietText.${c.key}`), c.key).toBeTypeOf('string')
      const ways = [...(c.popup === 'whatsapp' ? ['popup'] : []), ...c.ways.map((w) => w.key)]
      if (ways.length > 1) for (const w of ways) expect(said(`wizard.ways.${c.key}.${w}.title`), `${c.key} ${w}`).toBeTypeOf('string')
      for (const f of c.ways.flatMap((w) => w.fields)) {
        expect(said(`field.${f.key}`), f.key).toBeTypeOf('string')
        if (f.hint) expect(said(`hint.${f.hint}`), f.hint).toBeTypeOf('string')
      }
    }
  })
  test('of values, causes and tabs', () => {
    const some: Partial<Inbox>[] = [
      { channel_type: 'Channel::WebWidget', web_widget_script: '<script>' },
      { channel_type: 'Channel::Api', inbox_identifier: 'x', hmac_token: 'y' },
      { channel_type: 'Channel::Whatsapp', provider: 'whatsapp_cloud', callback_webhook_url: 'u', provider_config: { webhook_verify_token: 't' } },
      { channel_type: 'Channel::TwilioSms', medium: 'whatsapp', callback_webhook_url: 'u' },
      { channel_type: 'Channel::Sms', callback_webhook_url: 'u', provider_config: { webhook_username: 'a', webhook_password: 'b' } },
      { channel_type: 'Channel::Line', callback_webhook_url: 'u' },
      { channel_type: 'Channel::FacebookPage', instagram_id: '1' },
      { channel_type: 'Channel::Instagram' },
      { channel_type: 'Channel::TwitterProfile' },
      { channel_type: 'Channel::Email', forward_to_email: 'x@y' },
      { channel_type: 'Channel::Voice', voice_call_webhook_url: 'a', voice_status_webhook_url: 'b' },
    ]
    for (const one of some.map(inbox)) {
      const kind = kindOf(one)
      expect(said(`config.valuesText.${kind}`), kind).toBeTypeOf('string')
      const list = valuesOf(one, kind, 'https://desk.example')
      expect(list.length, kind).toBeGreaterThan(0)
      for (const v of list) {
        expect(said(`value.${v.key}`), v.key).toBeTypeOf('string')
        if (v.hint) expect(said(`hint.${v.hint}`), v.hint).toBeTypeOf('string')
      }
    }
    for (const cause of ['bad', 'missing', 'no_secret', 'verify_token', 'unknown_channel', 'inactive_account', 'format', 'queue']) {
      expect(said(`hook.cause.${cause}.title`), cause).toBeTypeOf('string')
      expect(said(`hook.cause.${cause}.cure`), cause).toBeTypeOf('string')
    }
    const tabs = new Set((['Channel::WebWidget', 'Channel::Whatsapp'] as const).flatMap((channel_type) => tabsOf(inbox({ channel_type, provider: 'whatsapp_cloud' }), true)))
    expect([...tabs].sort()).toEqual(Object.keys(en.tab).sort())
  })
})

test('agents see the health of numbers and nothing else', () => {
  expect(tabsOf(inbox({}), false)).toEqual([])
  expect(tabsOf(inbox({ channel_type: 'Channel::Whatsapp', provider: 'whatsapp_cloud' }), false)).toEqual(['whatsappHealth'])
  expect(tabsOf(inbox({ channel_type: 'Channel::Whatsapp', provider: 'default' }), true)).not.toContain('whatsappHealth')
})

test('an inbox is known by its address, and says when it needs somebody', () => {
  expect(addressOf(inbox({ phone_number: 'whatsapp:+1555' }))).toBe('+1555')
  expect(addressOf(inbox({ email: 'a@b.example' }))).toBe('a@b.example')
  expect(addressOf(inbox({ messaging_service_sid: 'MG1' }))).toBe('MG1')
  expect(needsAttention(inbox({}))).toBe(false)
  for (const one of [{ reauthorization_required: true }, { registration: 'failed' }, { webhook_secret_missing: 'x' }]) expect(needsAttention(inbox(one))).toBe(true)
})

test('a public address is https and of the internet', () => {
  for (const url of ['https://desk.example.com', 'https://8.8.8.8']) expect(isPublic(url)).toBe(true)
  for (const url of ['http://desk.example.com', 'https://localhost:3000', 'http://127.0.0.1', 'https://192.168.1.2', 'https://10.0.0.1', 'https://desk', '']) expect(isPublic(url), url).toBe(false)
})

test('a form follows what is stored, but for what was touched', async () => {
  const stored = ref({ name: 'A', greeting: 'Hi', list: [1] })
  const draft = useDraft(() => stored.value)
  expect(draft.dirty.value).toBe(false)
  draft.values.name = 'B'
  expect(draft.changes()).toEqual({ name: 'B' })
  stored.value = { name: 'A', greeting: 'Hello', list: [1, 2] }
  await nextTick()
  expect(draft.values).toEqual({ name: 'B', greeting: 'Hello', list: [1, 2] })
  expect(draft.conflicts.value).toEqual([])
  stored.value = { name: 'C', greeting: 'Hello', list: [1, 2] }
  await nextTick()
  expect(draft.values.name).toBe('B')
  expect(draft.conflicts.value).toEqual(['name'])
  draft.reset()
  expect(draft.values.name).toBe('C')
  expect([draft.dirty.value, draft.conflicts.value]).toEqual([false, []])
  draft.values.name = 'D'
  stored.value = { name: 'D', greeting: 'Hello', list: [1, 2] } // it was saved
  await nextTick()
  expect(draft.dirty.value).toBe(false)
})

describe('business hours', () => {
  const hour = (more: Partial<WorkingHour>): WorkingHour => ({
    day_of_week: 1, closed_all_day: false, open_all_day: false, open_hour: 9, open_minutes: 5, close_hour: 17, close_minutes: 30, ...more,
  })
  test('there and back', () => {
    expect(dayOf(hour({}))).toEqual({ day: 1, mode: 'hours', open: '09:05', close: '17:30' })
    for (const h of [hour({}), hour({ open_all_day: true, open_hour: 0, open_minutes: 0, close_hour: 23, close_minutes: 59 })]) expect(hourOf(dayOf(h))).toEqual(h)
    expect(hourOf(dayOf(hour({ closed_all_day: true })))).toMatchObject({ closed_all_day: true, open_hour: null })
  })
  test('what the server would leave out without a word is found', () => {
    const day = dayOf(hour({}))
    expect(faultOf(day)).toBeNull()
    expect(faultOf({ ...day, close: '09:05' })).toBe('order')
    expect(faultOf({ ...day, close: '08:00' })).toBe('order')
    expect(faultOf({ ...day, open: '' })).toBe('missing')
    expect(faultOf({ ...day, mode: 'closed', open: '' })).toBeNull()
    expect(notStored([hour({})], [hour({})])).toEqual([])
    expect(notStored([hour({ open_hour: 10 })], [hour({})])).toEqual([1])
    expect(notStored([hour({ closed_all_day: true, open_hour: null })], [hour({ closed_all_day: true })])).toEqual([])
  })
})

test('a mailbox is sent whole when it is on: the server tests what it is sent', () => {
  const stored = inbox({ channel_type: 'Channel::Email', smtp_enabled: true, smtp_login: 'a', smtp_password: 'b', smtp_address: 'mail.example', smtp_port: 465, smtp_enable_ssl_tls: true })
  const smtp = mailboxOf(stored, 'smtp')
  expect(smtp).toMatchObject({ security: 'tls', port: '465', authentication: 'login' })
  expect(mailboxChannel(smtp, 'smtp')).toEqual({
    smtp_enabled: true, smtp_login: 'a', smtp_password: 'b', smtp_address: 'mail.example', smtp_port: 465, smtp_domain: '', smtp_authentication: 'login',
    smtp_openssl_verify_mode: 'none', smtp_enable_ssl_tls: true, smtp_enable_starttls_auto: false,
  })
  expect(mailboxChannel({ ...smtp, enabled: false }, 'smtp')).toEqual({ smtp_enabled: false })
  expect(mailboxOf(stored, 'imap')).toMatchObject({ enabled: false, security: 'tls', port: '' })
  expect([usualPort('imap', 'tls'), usualPort('imap', 'none'), usualPort('smtp', 'tls'), usualPort('smtp', 'starttls'), usualPort('smtp', 'none')]).toEqual(['993', '143', '465', '587', '25'])
})

test('credentials are sent as the API replaces them', () => {
  const cloud = inbox({ channel_type: 'Channel::Whatsapp', provider: 'whatsapp_cloud', provider_config: { api_key: 'old', phone_number_id: '1', business_account_id: '2', source: 'embedded_signup' } })
  const form = credentialsOf(cloud, 'whatsapp')
  expect(form?.channel({}, { api_key: ' new ', phone_number_id: '1', business_account_id: '2' })).toEqual({
    provider_config: { api_key: 'new', phone_number_id: '1', business_account_id: '2', source: 'embedded_signup' },
  })
  expect(bandwidth({ account_id: ' 1', application_id: '2', bandwidth_key: 'k', bandwidth_secret: 's' })).toEqual({ account_id: '1', application_id: '2', api_key: 'k', api_secret: 's' })
  expect(credentialsOf(inbox({ channel_type: 'Channel::Line' }), 'line')?.channel({ line_channel_secret: '' , line_channel_token: 'x' }, {})).toEqual({ line_channel_token: 'x' })
  expect(credentialsOf(inbox({}), 'api')).toBeNull()
})

test('the live check', () => {
  expect([stageOf({ verified_at: null, first_event_at: null }), stageOf({ verified_at: 'x', first_event_at: null }), stageOf({ verified_at: null, first_event_at: 'x' })]).toEqual(['waiting', 'verified', 'received'])
  expect(refusals({ rejected_24h: { bad: 1, queue_full: 2, queue_unavailable: 3, something_new: 1, missing: 0 } })).toEqual([{ cause: 'queue', n: 5 }, { cause: 'bad', n: 1 }, { cause: 'format', n: 1 }])
})

test('links for phones', () => {
  expect(linkOf(inbox({ phone_number: '+1 555' }), 'whatsapp')).toBe('https://wa.me/1555')
  expect(linkOf(inbox({ bot_name: 'acme_bot' }), 'telegram')).toBe('https://t.me/acme_bot')
  expect(linkOf(inbox({ phone_number: '+1555' }), 'sms')).toBe('sms:+1555')
  expect(linkOf(inbox({}), 'email')).toBe('')
})

test('what the wizard still needs', () => {
  expect(e164(' +1 (415) 555-0100 ')).toBe('+14155550100')
  expect(e164('0049 30 1')).toBe('+49301')
  expect(e164(' ')).toBe('')
  const twilio = channels.find((c) => c.key === 'sms')?.ways[0]
  const full = { name: 'a', account_sid: 'b', auth_token: 'c' }
  expect(twilio && incomplete(twilio, full)).toEqual(['phone_number'])
  expect(twilio && incomplete(twilio, { ...full, messaging_service_sid: 'MG' })).toEqual([])
  const whatsapp = channels.find((c) => c.key === 'whatsapp')
  expect(whatsapp && missing(whatsapp, { whatsappAppId: '1' })).toEqual(['WHATSAPP_CONFIGURATION_ID'])
})

test('only Meta’s own pages are listened to', () => {
  const message = JSON.stringify({ type: 'WA_EMBEDDED_SIGNUP', event: 'FINISH', data: { waba_id: '1' } })
  expect(signupMessage('https://www.facebook.com', message)).toEqual({ event: 'FINISH', data: { waba_id: '1' } })
  expect(signupMessage('https://web.facebook.com', { type: 'WA_EMBEDDED_SIGNUP', event: 'CANCEL' })).toEqual({ event: 'CANCEL', data: {} })
  for (const origin of ['https://evilfacebook.com', 'https://facebook.com.evil.example', 'null']) expect(signupMessage(origin, message)).toBeNull()
  expect(signupMessage('https://www.facebook.com', 'cb=1&x')).toBeNull()
  expect(signupMessage('https://www.facebook.com', null)).toBeNull()
})

test('how long ago', () => {
  expect([ago(0, 30_000), ago(0, 90_000), ago(0, 7_200_000), ago(0, 200_000_000)].map((a) => `${a.n} ${a.unit}`)).toEqual(['0 now', '1 minutes', '2 hours', '2 days'])
})
