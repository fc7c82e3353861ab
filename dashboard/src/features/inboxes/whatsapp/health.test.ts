import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import en from '../texts/en.json'
import { alertsOf, callbackOf, fieldOf, isLive, managerLink, readable, shown, timeOf, values, verdict, worst, type Field, type Health } from './health'

/** The payloads that the program's own tests play. */
const answer = (name: string) =>
  (JSON.parse(readFileSync(join(process.cwd(), '../whatsapp/testdata', `${name}.json`), 'utf8')) as { body: Health & { last_known?: Health } }).body

const healthy = answer('api-health-healthy')
const texts = en.health as unknown as Record<'value' | 'about' | 'verdict' | 'field', Record<string, Record<string, string>>>

describe('every value that Meta is known to say', () => {
  for (const [field, list] of Object.entries(values)) {
    if (field === 'can_send_message') continue
    test.each(Object.entries(list))(`${field} %s`, (value, tone) => {
      expect(shown(field as Field, value)).toEqual({ tone, key: value, words: '', raw: value })
      // A badge, and what it means with what to do: neither may be a key.
      expect(texts.value[field]?.[value]).toMatch(/^[A-Z\d]/)
      expect(texts.about[field]?.[value]).toMatch(/^[A-Z].+\.$/)
      expect(texts.field[field]).toBeTypeOf('string')
    })
  }

  test('the tones of the contract', () => {
    const of = (field: Field, value: string) => shown(field, value).tone
    for (const v of ['APPROVED', 'AVAILABLE_WITHOUT_REVIEW']) expect(of('name_status', v)).toBe('good')
    for (const v of ['PENDING_REVIEW', 'EXPIRED']) expect(of('name_status', v)).toBe('warning')
    for (const v of ['DECLINED', 'REJECTED']) expect(of('name_status', v)).toBe('bad')
    for (const v of ['RESTRICTED', 'BANNED', 'DISCONNECTED', 'DELETED', 'MIGRATED']) expect(of('status', v)).toBe('bad')
    for (const v of ['PENDING', 'UNVERIFIED', 'FLAGGED', 'RATE_LIMITED']) expect(of('status', v)).toBe('warning')
    expect([of('quality_rating', 'GREEN'), of('quality_rating', 'YELLOW'), of('quality_rating', 'RED'), of('quality_rating', 'UNKNOWN')]).toEqual(['good', 'warning', 'bad', 'neutral'])
    expect([of('platform_type', 'CLOUD_API'), of('platform_type', 'NOT_APPLICABLE'), of('platform_type', 'ON_PREMISE')]).toEqual(['good', 'warning', 'neutral'])
    expect([of('throughput', 'STANDARD'), of('throughput', 'HIGH'), of('throughput', 'NOT_APPLICABLE')]).toEqual(['good', 'good', 'warning'])
    expect([of('code_verification_status', 'VERIFIED'), of('code_verification_status', 'NOT_VERIFIED'), of('code_verification_status', 'EXPIRED')]).toEqual(['good', 'neutral', 'warning'])
    expect([of('account_mode', 'LIVE'), of('account_mode', 'SANDBOX')]).toEqual(['good', 'neutral'])
  })

  test('a value that nobody knows is neutral and readable, never a key', () => {
    expect(shown('messaging_limit_tier', 'TIER_5K')).toEqual({ tone: 'neutral', key: '', words: 'Tier 5K', raw: 'TIER_5K' })
    expect(shown('status', 'UNDER_HUMAN_REVIEW').words).toBe('Under human review')
    expect(shown('status', null)).toEqual({ tone: 'neutral', key: 'MISSING', words: '', raw: '' })
    expect(readable('TIER_2K')).toBe('Tier 2K')
    expect(readable('')).toBe('')
    const odd = answer('api-health-missing-fields')
    for (const field of Object.keys(values).filter((f) => f !== 'can_send_message') as Exclude<Field, 'can_send_message'>[]) expect(fieldOf(odd, field).tone).toBeTypeOf('string')
  })
})

test('a proof of ownership that lapsed on a live number is harmless', () => {
  const lapsed = answer('api-health-code-expired')
  expect(isLive(lapsed)).toBe(true)
  expect(fieldOf(lapsed, 'code_verification_status')).toEqual({ tone: 'neutral', key: 'EXPIRED_LIVE', words: '', raw: 'EXPIRED' })
  const waiting = { ...lapsed, platform_type: 'NOT_APPLICABLE' }
  expect(fieldOf(waiting, 'code_verification_status')).toMatchObject({ tone: 'warning', key: 'EXPIRED' })
})

test('coexistence is named where Meta hosts the number, too', () => {
  expect(fieldOf(answer('api-health-coexistence'), 'is_on_biz_app')).toMatchObject({ tone: 'good', key: 'YES' })
  expect(fieldOf({ ...healthy, is_on_biz_app: true, platform_type: 'NOT_APPLICABLE' }, 'is_on_biz_app')).toMatchObject({ key: 'SETTING_UP' })
  expect(fieldOf({ ...healthy, is_on_biz_app: null }, 'is_on_biz_app').key).toBe('MISSING')
})

test('the capacity is read from either form', () => {
  expect(fieldOf({ ...healthy, throughput_level: null, throughput: { level: 'HIGH' } }, 'throughput').key).toBe('HIGH')
  expect(fieldOf({ ...healthy, throughput_level: null, throughput: null }, 'throughput').key).toBe('MISSING')
})

describe('the verdict', () => {
  test.each([
    ['api-health-healthy', 'well', 'good'],
    ['api-health-coexistence', 'coexistence', 'good'],
    ['api-health-pending', 'waiting', 'warning'],
    ['api-health-needs-admin', 'person', 'bad'],
    ['api-health-needs-admin-pin', 'person', 'bad'],
    ['api-health-rate-limited', 'rateLimited', 'warning'],
    ['api-health-abandoned', 'abandoned', 'warning'],
    ['api-health-alerts', 'lowQuality', 'warning'],
  ])('%s', (name, key, tone) => {
    expect(verdict(answer(name))).toEqual({ key, tone })
    expect(texts.verdict[key]).toMatchObject({ title: expect.any(String) as string, text: expect.any(String) as string })
  })

  test('what Meta closed, blocks, limits, or sends elsewhere', () => {
    for (const status of ['BANNED', 'DELETED', 'MIGRATED', 'DISCONNECTED']) expect(verdict({ ...healthy, status }).key).toBe('closed')
    expect(verdict({ ...healthy, health_status: { can_send_message: 'BLOCKED' } }).key).toBe('blocked')
    expect(verdict({ ...healthy, health_status: { can_send_message: 'LIMITED' } }).key).toBe('limited')
    expect(verdict({ ...healthy, status: 'RESTRICTED' }).key).toBe('limited')
    expect(verdict({ ...healthy, quality_rating: 'RED' })).toEqual({ tone: 'bad', key: 'lowQuality' })
    expect(verdict({ ...healthy, status: 'FLAGGED' }).key).toBe('attention')
    expect(verdict({ ...healthy, webhook_configuration: { phone_number: 'https://other.example/x' } }).key).toBe('wrongWebhook')
    expect(verdict({ ...healthy, account_mode: 'SANDBOX' }).key).toBe('test')
    const unregistered = { ...healthy, platform_type: 'NOT_APPLICABLE', registration: { ...healthy.registration, state: 'unknown' } }
    expect(verdict(unregistered).key).toBe('notLive')
    expect(verdict({ ...unregistered, platform_type: null, status: null }).key).toBe('unknown')
    for (const state of ['registering', 'auth_error']) expect(texts.verdict[verdict({ ...healthy, registration: { ...healthy.registration, state } }).key]).toBeDefined()
  })
})

test('the worst part explains what hinders sending', () => {
  expect(worst(answer('api-health-pending'))).toEqual({
    entity: 'PHONE_NUMBER', can: 'BLOCKED',
    notes: [{ text: 'The phone number is not registered.', solution: 'Register the phone number before sending messages.', code: '141000' }],
  })
  expect(worst({ health_status: null })).toBeNull()
  expect(worst({ health_status: { can_send_message: 'LIMITED', entities: [{ entity_type: 'WABA', can_send_message: 'LIMITED', additional_info: ['Pay the bill.'] }, 7] } })).toEqual({
    entity: 'WABA', can: 'LIMITED', notes: [{ text: 'Pay the bill.', solution: '', code: '' }],
  })
  expect(worst({ health_status: { can_send_message: 'BLOCKED', entities: [{ entity_type: 'APP', can_send_message: 'AVAILABLE' }] } })?.can).toBe('BLOCKED')
})

test('the address that Meta delivers to is the nearest one', () => {
  const expected_webhook_url = 'https://desk.example/webhooks/whatsapp/+1555'
  const of = (webhook_configuration: Record<string, unknown> | null) => callbackOf({ webhook_configuration, expected_webhook_url })
  expect(of({ phone_number: 'https://desk.example/webhooks/whatsapp/%2B1555/', application: 'https://x' })).toMatchObject({ state: 'right', level: 'phone_number' })
  expect(of({ whatsapp_business_account: 'https://x', application: expected_webhook_url })).toMatchObject({ state: 'wrong', level: 'whatsapp_business_account' })
  expect(of({ application: expected_webhook_url })).toMatchObject({ state: 'right', level: 'application' })
  expect(of({ application: 'https://desk.example/webhooks/whatsapp' })).toMatchObject({ state: 'here', level: 'application' })
  expect(of({})).toMatchObject({ state: 'none', actual: '' })
  expect(of(null).state).toBe('unknown')
})

test('links into WhatsApp Manager name the portfolio, and the account where both are known', () => {
  expect(managerLink(healthy)).toBe('https://business.facebook.com/latest/whatsapp_manager/phone_numbers/?business_id=700100200300401&asset_id=900100200300401')
  expect(managerLink({ business_id: '7', business_portfolio_id: null, business_account_id: '7' })).toBe(
    'https://business.facebook.com/latest/whatsapp_manager/phone_numbers/?business_id=7&tab=phone-numbers',
  )
  expect(managerLink(null)).toBe('https://business.facebook.com/')
})

test('alerts are read whatever their form, those that are over are not', () => {
  expect(alertsOf(answer('api-health-alerts'))).toMatchObject([{ severity: 'warning', type: 'PROFILE_PICTURE_LOST' }])
  expect(alertsOf({ alerts: [{ alert_status: 'NONE', alert_type: 'X' }, { alert_severity: 'CRITICAL', alert_type: 'Y' }, { alert_severity: 'INFORMATIONAL' }] }).map((a) => a.severity)).toEqual(['critical', 'info'])
  expect(alertsOf({ alerts: null })).toEqual([])
})

test('Meta’s times are read', () => {
  expect(timeOf('2025-10-03T08:41:12+0000')?.toISOString()).toBe('2025-10-03T08:41:12.000Z')
  expect(timeOf('2026-11-18T09:00:00Z')?.getTime()).toBe(Date.UTC(2026, 10, 18, 9))
  expect(timeOf('soon')).toBeNull()
  expect(timeOf(null)).toBeNull()
})
