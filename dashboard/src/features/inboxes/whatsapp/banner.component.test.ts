import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { defineComponent, h, provide } from 'vue'
import { createI18n } from 'vue-i18n'
import { createRouter, createMemoryHistory } from 'vue-router'
import app from '@/app/texts/en.json'
import type { Inbox } from '@/data/directory'
import { tell } from '@/realtime/events'
import texts from '../texts/en.json'
import type { Health } from './health'
import HealthTab from './HealthTab.vue'
import { numberKey, useNumber } from './number'
import RegistrationBanner from './RegistrationBanner.vue'

// The banner and the health page in their states, against recorded answers of the program.

interface Answer {
  status: number
  body: unknown
}
interface Call {
  method: string
  path: string
  body: unknown
}
let calls: Call[]
let answers: { stored: Answer; live: Answer; register: Answer; attempts: Answer }
let wrapper: VueWrapper

const recorded = (name: string): Answer => {
  const { status, body } = JSON.parse(readFileSync(join(process.cwd(), '../whatsapp/testdata', `${name}.json`), 'utf8')) as Answer
  return { status, body }
}
const inbox = (source?: string) =>
  ({ id: 48, name: 'Willow', channel_type: 'Channel::Whatsapp', provider: 'whatsapp_cloud', reauthorization_required: true, provider_config: source ? { source } : {} }) as unknown as Inbox

function options() {
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [{ path: '/', component: { template: '<i />' } }, { path: '/:accountId/:inboxId/:tab?', name: 'inbox', component: { template: '<i />' } }],
  })
  const i18n = createI18n({ legacy: false, locale: 'en', messages: { en: { ...app, inboxes: texts } } })
  return { attachTo: document.body, global: { plugins: [i18n, router] } }
}
async function banner(admin = true, of = inbox('embedded_signup')): Promise<void> {
  wrapper = mount(RegistrationBanner, { props: { accountId: 7, inbox: of, admin }, ...options() })
  await flushPromises()
}
async function health(): Promise<void> {
  const page = defineComponent({
    setup() {
      provide(numberKey, useNumber(7, () => inbox('embedded_signup')))
      return () => h(HealthTab, { accountId: 7, inbox: inbox('embedded_signup'), admin: true })
    },
  })
  wrapper = mount(page, options())
  await flushPromises()
}
const button = (name: string) => wrapper.findAll('button').find((b) => b.text() === name)
const posts = () => calls.filter((c) => c.method === 'POST')

beforeEach(() => {
  setActivePinia(createPinia())
  document.body.innerHTML = ''
  window.chatwootConfig = { whatsappAppId: '1', whatsappConfigurationId: '2' } as unknown as typeof window.chatwootConfig
  calls = []
  answers = {
    stored: recorded('api-health-pending'), live: recorded('api-health-pending'), register: recorded('api-register-number-202'),
    attempts: recorded('api-registration-attempts'),
  }
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
    calls.push({ method: init.method ?? '', path, body: init.body ? (JSON.parse(init.body as string) as unknown) : null })
    const answer = path.includes('register_number') ? answers.register : path.includes('registration_attempts') ? answers.attempts : path.includes('refresh=false') ? answers.stored : answers.live
    return Promise.resolve(new Response(JSON.stringify(answer.body), { status: answer.status }))
  })
})
afterEach(() => {
  wrapper.unmount()
  vi.unstubAllGlobals()
})

describe('the banner', () => {
  test('waits with a button, the next moment and what is left', async () => {
    await banner()
    expect(wrapper.text()).toContain(texts.banner.waiting_for_meta.title)
    expect(wrapper.text()).toContain('9 attempts left')
    expect(wrapper.text()).toContain('has not been approved yet')
    answers.stored = { status: 200, body: { ...(answers.stored.body as Health), registration: (answers.register.body as { registration: unknown }).registration } }
    await button('Complete registration')?.trigger('click')
    await flushPromises()
    expect(posts()).toMatchObject([{ path: '/api/v1/accounts/7/inboxes/48/register_number', body: {} }])
    expect(wrapper.text()).toContain(texts.banner.registering.title)
    // The server tells that it went live; nobody has to do anything.
    answers.stored = recorded('api-health-healthy')
    tell('account.cache_invalidated', { account_id: 7, cache_keys: { inbox: '1' } })
    await flushPromises()
    expect(wrapper.text()).toContain(texts.banner.live.title)
    await button('Dismiss')?.trigger('click')
    expect(wrapper.text()).toBe('')
  })

  test('an attempt of somebody else is no failure, a refusal says why', async () => {
    answers.register = recorded('api-register-number-409')
    await banner()
    await button('Complete registration')?.trigger('click')
    await flushPromises()
    expect(wrapper.text()).toContain(texts.banner.running)
    answers.register = recorded('api-register-number-422-too-soon')
    await button('Complete registration')?.trigger('click')
    await flushPromises()
    expect(wrapper.text()).toContain('60 seconds')
  })

  test('a block cannot be pressed away', async () => {
    answers.stored = recorded('api-health-rate-limited')
    await banner()
    expect(button('Complete registration')?.attributes('disabled')).toBeDefined()
  })

  test('a PIN is entered, or replaced with consent only', async () => {
    answers.stored = recorded('api-health-needs-admin-pin')
    await banner()
    HTMLDialogElement.prototype.showModal ??= () => {}
    await button('Complete registration')?.trigger('click')
    await flushPromises()
    const submit = () => wrapper.find('dialog button[type=submit]')
    expect(submit().attributes('disabled')).toBeDefined()
    await wrapper.find('input[name=pin]').setValue('12345')
    expect(submit().attributes('disabled')).toBeDefined()
    await wrapper.find('input[value=replace]').setValue()
    await wrapper.find('input[type=checkbox]').setValue(true)
    await wrapper.find('dialog form').trigger('submit')
    await flushPromises()
    expect(posts().at(-1)?.body).toEqual({ reset_pin: true })
  })

  test('a lost permission: Meta’s sign-in, a key for those connected by hand, a reason where the app is not set', async () => {
    const lost = { ...(recorded('api-health-healthy').body as Health) }
    answers.stored = { status: 200, body: { ...lost, registration: { ...lost.registration, state: 'auth_error', required_action: 'reconnect' } } }
    await banner()
    expect(button('Reconnect')).toBeDefined()
    wrapper.unmount()
    await banner(true, inbox())
    expect(button('Reconnect')).toBeUndefined()
    expect(wrapper.get('a').attributes('href')).toBe('/7/48/configuration')
    wrapper.unmount()
    window.chatwootConfig = {} as typeof window.chatwootConfig
    await banner()
    expect(button('Reconnect')).toBeUndefined()
    expect(wrapper.text()).toContain('WHATSAPP_APP_ID')
  })

  test('agents read that sending is paused', async () => {
    await banner(false)
    expect(wrapper.text()).toBe(texts.banner.forAgents)
  })

  test('nothing is known yet: Chatwoot’s rule', async () => {
    answers.stored = recorded('api-health-error-no-last-known')
    await banner()
    expect(button('Reconnect')).toBeDefined()
  })
})

describe('the health page', () => {
  test('asks what is stored, then Meta, and not again for half a minute', async () => {
    await health()
    const asked = calls.filter((c) => c.path.includes('/health')).map((c) => c.path.endsWith('refresh=false'))
    expect(asked.filter((stored) => !stored)).toHaveLength(1)
    expect(asked[0]).toBe(true)
    expect(wrapper.findAll('button').find((b) => b.text().startsWith('Refresh in'))?.attributes('disabled')).toBeDefined()
    expect(wrapper.get('[data-testid=health-name_status]').text()).toContain('Under review')
    expect(wrapper.get('[data-testid=health-name_status]').text()).toContain('PENDING_REVIEW')
    expect(wrapper.get('[data-testid=verdict]').text()).toContain('The phone number is not registered.')
  })

  test('a failure stands above what was known last', async () => {
    answers.live = recorded('api-health-error-auth-last-known')
    await health()
    expect(wrapper.get('[role=alert]').text()).toContain(texts.health.failed)
    expect(wrapper.get('[data-testid=health-status]').text()).toContain('CONNECTED')
    expect(wrapper.find('.grayscale').exists()).toBe(true)
  })

  test('values that nobody knows are readable, and never a key', async () => {
    const odd = { ...(recorded('api-health-healthy').body as Health), status: 'UNDER_HUMAN_REVIEW', messaging_limit_tier: 'TIER_5K' }
    answers.stored = answers.live = { status: 200, body: odd }
    await health()
    expect(wrapper.get('[data-testid=health-status]').text()).toContain('Under human review')
    expect(wrapper.get('[data-testid=health-messaging_limit_tier]').text()).toContain('Tier 5K')
    expect(wrapper.text()).not.toMatch(/inboxes\.\w/)
  })

  test('messages that go elsewhere are set right', async () => {
    const elsewhere = { ...(recorded('api-health-healthy').body as Health), webhook_configuration: { phone_number: 'https://other.example/hook' } }
    answers.stored = answers.live = { status: 200, body: elsewhere }
    await health()
    expect(wrapper.get('[data-testid=verdict]').text()).toContain(texts.health.verdict.wrongWebhook.title)
    await button('Set it right')?.trigger('click')
    await flushPromises()
    expect(posts().at(-1)?.path).toBe('/api/v1/accounts/7/inboxes/48/register_webhook')
  })

  test('every attempt is told in words', async () => {
    await health()
    const all = wrapper.findAll('[data-testid=attempt]').map((a) => a.text())
    expect(all).toHaveLength((answers.attempts.body as { payload: unknown[] }).payload.length)
    for (const a of all) expect(a).not.toMatch(/inboxes\.\w|undefined/)
    expect(all.join()).toContain('Display name not approved')
  })
})
