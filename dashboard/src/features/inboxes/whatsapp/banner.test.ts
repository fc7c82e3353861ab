import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Inbox } from '@/data/directory'
import en from '../texts/en.json'
import { bannerOf, errorOf, isCloud, isEmbedded, isMoving, isSettled, left, stockBanner, wentLive, type Act } from './banner'
import type { Health, Registration } from './health'

const registration = (state: string, required_action: string | null = null, more: Partial<Registration> = {}): Registration => ({
  state, required_action, since: null, next_attempt_at: '2026-11-18T16:12:40Z', attempts_72h: 1, attempts_left: 9, last_error: null, ...more,
})
const texts = en.banner as unknown as Record<string, { title: string; text: string }> & { act: Record<Act, string> }

describe('every state of a registration', () => {
  test.each(['not_needed', 'registered', 'unknown'])('%s: nothing is said', (state) => {
    expect(bannerOf(registration(state), true)).toBeNull()
  })

  const cases: [state: string, action: string | null, embedded: boolean, tone: string, key: string, acts: Act[]][] = [
    ['registering', null, true, 'info', 'registering', []],
    ['waiting_for_meta', 'wait_for_display_name', true, 'warning', 'waiting_for_meta', ['register', 'manager']],
    ['waiting_for_meta', null, true, 'warning', 'waiting_for_meta', ['register', 'manager']],
    ['needs_admin', 'edit_display_name', true, 'bad', 'edit_display_name', ['manager', 'check']],
    ['needs_admin', 'resubmit_display_name', true, 'bad', 'resubmit_display_name', ['manager', 'check']],
    ['needs_admin', 'enter_pin', true, 'warning', 'enter_pin', ['pin']],
    ['needs_admin', 'verify_phone_number', true, 'warning', 'verify_phone_number', ['code', 'manager', 'check']],
    ['needs_admin', 'detach_from_whatsapp_app', true, 'warning', 'detach_from_whatsapp_app', ['register', 'manager', 'check']],
    ['needs_admin', 'migrate_from_on_premise', true, 'warning', 'migrate_from_on_premise', ['manager', 'check']],
    ['needs_admin', 'appeal_restriction', true, 'bad', 'appeal_restriction', ['manager', 'check']],
    ['needs_admin', 'contact_meta', true, 'warning', 'contact_meta', ['register', 'support', 'check']],
    ['needs_admin', 'fix_callback_url', true, 'warning', 'fix_callback_url', ['webhook']],
    ['registered', 'fix_callback_url', true, 'warning', 'fix_callback_url', ['webhook']],
    ['not_needed', 'fix_callback_url', false, 'warning', 'fix_callback_url', ['webhook']],
    ['needs_admin', 'reconnect', true, 'bad', 'reconnect', ['reconnect', 'check']],
    ['needs_admin', 'reconnect', false, 'bad', 'reconnectKey', ['editKey', 'check']],
    ['needs_admin', 'invented_by_meta', true, 'warning', 'needs_admin', ['register', 'manager', 'check']],
    ['needs_admin', null, true, 'warning', 'needs_admin', ['register', 'manager', 'check']],
    ['auth_error', 'reconnect', true, 'bad', 'auth_error', ['reconnect', 'check']],
    ['auth_error', null, false, 'bad', 'authErrorKey', ['editKey', 'check']],
    ['rate_limited', 'wait_rate_limit', true, 'warning', 'rate_limited', ['register']],
    ['abandoned', null, true, 'warning', 'abandoned', ['register', 'manager']],
  ]
  test.each(cases)('%s, %s, embedded %s', (state, action, embedded, tone, key, acts) => {
    expect(bannerOf(registration(state, action), embedded)).toMatchObject({ tone, key, acts })
    expect(texts[key]?.title).toMatch(/^[A-Z]/)
    expect(texts[key]?.text).toMatch(/\.$/)
    for (const act of acts) expect(texts.act[act]).toMatch(/^[A-Z]/)
  })

  test('a wait says when it goes on, a block cannot be pressed away', () => {
    expect(bannerOf(registration('waiting_for_meta'), true)).toMatchObject({ until: '2026-11-18T16:12:40Z', counts: 'next', budget: true })
    expect(bannerOf(registration('rate_limited'), true)).toMatchObject({ until: '2026-11-18T16:12:40Z', counts: 'blocked', blocked: true })
  })

  test('every answer that the program gives has a banner or needs none', () => {
    const dir = join(process.cwd(), '../whatsapp/testdata')
    const states = new Set<string>()
    for (const name of readdirSync(dir).filter((f) => f.startsWith('api-'))) {
      const { body } = JSON.parse(readFileSync(join(dir, name), 'utf8')) as { body: { registration?: Registration } | null }
      if (!body?.registration) continue
      states.add(body.registration.state)
      const banner = bannerOf(body.registration, true)
      if (banner) expect(texts[banner.key], name).toBeDefined()
      else expect(['registered', 'not_needed', 'unknown'], name).toContain(body.registration.state)
    }
    expect(states.size).toBeGreaterThan(4)
  })
})

test('Meta’s words are kept for people and for its support', () => {
  const last_error = { code: 100, subcode: 2388001, title: 'Cannot Create Certificate', message: 'The name …', fbtrace_id: 'A1', at: '' }
  expect(bannerOf(registration('waiting_for_meta', null, { last_error }), true)?.error).toEqual({ title: 'Cannot Create Certificate', message: 'The name …', code: '100/2388001', trace: 'A1' })
  expect(errorOf({ last_error: { code: 133005 } })).toEqual({ title: '', message: '', code: '133005', trace: '' })
  expect(errorOf({ last_error: null })).toBeNull()
})

test('going live after a wait is news, being live is none', () => {
  for (const before of ['registering', 'waiting_for_meta', 'needs_admin', 'rate_limited', 'auth_error', 'abandoned']) expect(wentLive(before, 'registered')).toBe(true)
  for (const before of [null, 'registered', 'unknown', 'not_needed']) expect(wentLive(before, 'registered')).toBe(false)
  expect(wentLive('registering', 'waiting_for_meta')).toBe(false)
  expect(isMoving(registration('registering'))).toBe(true)
  expect(isMoving(null)).toBe(false)
  expect(isSettled(registration('registered'))).toBe(true)
  expect(isSettled(registration('registered', 'fix_callback_url'))).toBe(false)
  expect(isSettled(null)).toBe(false)
})

const inbox = (more: Partial<Inbox>): Inbox => ({ channel_type: 'Channel::Whatsapp', provider: 'whatsapp_cloud', ...more }) as Inbox

test('without a registration the rule of Chatwoot holds', () => {
  const embedded = { provider_config: { source: 'embedded_signup' } }
  const pending = { platform_type: 'NOT_APPLICABLE', throughput_level: null, throughput: null } as Health
  expect(stockBanner(inbox({ ...embedded, reauthorization_required: false }), pending)).toBeNull()
  expect(stockBanner(inbox({ ...embedded, reauthorization_required: true }), pending)).toMatchObject({ key: 'waiting_for_meta' })
  expect(stockBanner(inbox({ ...embedded, reauthorization_required: true }), null)).toMatchObject({ key: 'auth_error', acts: ['reconnect'] })
  expect(stockBanner(inbox({ reauthorization_required: true }), null)).toMatchObject({ key: 'authErrorKey', acts: ['editKey'] })
  expect(isCloud(inbox({}))).toBe(true)
  expect(isCloud(inbox({ provider: 'default' }))).toBe(false)
  expect(isEmbedded(inbox({}))).toBe(false)
})

test('countdowns', () => {
  const now = Date.UTC(2026, 0, 1)
  const at = (s: number) => left(new Date(now + s * 1000).toISOString(), now)
  expect(at(0)).toBeNull()
  expect(at(-5)).toBeNull()
  expect(at(12)).toEqual({ unit: 'second', a: 12, b: 0 })
  expect(at(75)).toEqual({ unit: 'minuteSecond', a: 1, b: 15 })
  expect(at(3 * 3600 + 120)).toEqual({ unit: 'hourMinute', a: 3, b: 2 })
  expect(at(72 * 3600)).toEqual({ unit: 'dayHour', a: 3, b: 0 })
  expect(left('nonsense', now)).toBeNull()
})
