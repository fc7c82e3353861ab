import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { createMemoryHistory, createRouter, type Router } from 'vue-router'
import type { User } from '@/api/types'
import { i18n, useTexts } from '@/app/i18n'
import { useIdentity } from '@/data/identity'
import { useUI } from '@/data/ui'
import { tell } from '@/realtime/events'
import '@/ui/icons'
import { readOpeners } from '@/ui/lazy'
import type { Contact } from './calls'
import { changeOf, detailsOf } from './details'
import ContactHeader from './ContactHeader.vue'
import MergeDialog from './MergeDialog.vue'
import { feature } from './routes'

const contact = (id: number, more: Partial<Contact> = {}): Contact => ({
  id,
  name: `Person ${id}`,
  email: `p${id}@example.com`,
  phone_number: null,
  identifier: null,
  blocked: false,
  thumbnail: '',
  availability_status: 'offline',
  created_at: 1_700_000_000,
  additional_attributes: {},
  custom_attributes: {},
  ...more,
})

let answers: Record<string, (path: string) => Response>
let sent: { method: string; path: string; body: Record<string, unknown> | undefined }[]
let router: Router
let mounted: VueWrapper | undefined

beforeAll(readOpeners)
beforeEach(async () => {
  setActivePinia(createPinia())
  for (const f of ['contacts', 'filter']) await useTexts(f)
  useIdentity().set({ id: 1, email: 'ada@example.com', ui_settings: {}, accounts: [{ id: 1, role: 'administrator' }] } as unknown as User)
  sent = []
  answers = {}
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
    const method = init.method ?? 'GET'
    sent.push({ method, path, body: typeof init.body === 'string' ? (JSON.parse(init.body) as Record<string, unknown>) : undefined })
    const key = Object.keys(answers).find((k) => `${method} ${path}`.startsWith(k))
    return Promise.resolve(key ? (answers[key]?.(path) ?? new Response('null')) : Response.json([]))
  })
  router = createRouter({
    history: createMemoryHistory(),
    routes: [{ path: '/app/accounts/:accountId', component: { template: '<RouterView />' }, children: feature.account ?? [] }],
  })
})
afterEach(() => {
  mounted?.unmount()
  vi.unstubAllGlobals()
  document.body.innerHTML = ''
})

const A = '/api/v1/accounts/1'
const page = (...list: Contact[]) => Response.json({ meta: { count: list.length, current_page: 1 }, payload: list })

async function open(path: string): Promise<VueWrapper> {
  await router.push(`/app/accounts/1/${path}`)
  mounted = mount({ template: '<RouterView />' }, { global: { plugins: [i18n, router] }, attachTo: document.body })
  await flushPromises()
  return mounted
}

test('each view has its own call, and a blank search is none', async () => {
  const lists = () => sent.filter((s) => /\/contacts(\/|\?)/.test(s.path)).map((s) => `${s.method} ${s.path.replace(A, '').split('?')[0]}`)
  answers = { [`POST ${A}/contacts/filter`]: () => page(), [`GET ${A}/contacts`]: () => page() }
  await open('contacts?q=%20')
  await router.push('/app/accounts/1/contacts?q=ana')
  await flushPromises()
  await router.push('/app/accounts/1/contacts/labels/vip?q=ana')
  await flushPromises()
  const f = JSON.stringify([{ attribute_key: 'name', filter_operator: 'contains', values: ['a'], query_operator: null }])
  await router.push({ path: '/app/accounts/1/contacts', query: { f } })
  await flushPromises()
  expect(lists()).toEqual(['GET /contacts', 'GET /contacts/search', 'GET /contacts/search', 'POST /contacts/filter'])
  expect(sent.some((s) => /[?&]q=(&|$)/.test(s.path))).toBe(false)
  expect(sent.find((s) => s.path.includes('labels%5B%5D=vip'))).toBeDefined()
  expect(sent.at(-1)?.body).toEqual({ payload: JSON.parse(f) as unknown })
})

test('empty, failed and refused lists say what they are', async () => {
  answers = { [`GET ${A}/contacts`]: () => page() }
  expect((await open('contacts')).text()).toContain('No contacts yet')
  mounted?.unmount()
  answers = { [`GET ${A}/contacts`]: () => new Response('{}', { status: 500, headers: { 'x-request-id': 'r1' } }) }
  const failed = await open('contacts')
  expect(failed.text()).toContain('Try again')
  expect(failed.text()).toContain('r1')
})

test('a segment that is not there says so', async () => {
  answers = { [`GET ${A}/custom_filters`]: () => Response.json([]) }
  expect((await open('contacts/segments/5')).text()).toContain('This is not there any more')
})

test('new contacts wait until they are asked for', async () => {
  answers = { [`GET ${A}/contacts`]: () => page(contact(1)) }
  const w = await open('contacts')
  expect(w.text()).toContain('1 contact')
  tell('contact.created', contact(2))
  await flushPromises()
  answers = { [`GET ${A}/contacts`]: () => page(contact(2), contact(1)) }
  await w.findAll('button').find((b) => b.text() === 'Show 1 new contact')?.trigger('click')
  await flushPromises()
  expect(w.text()).toContain('2 contacts')
})

test('details send what changed, of nested objects the whole', () => {
  const c = contact(1, { additional_attributes: { city: 'Lyon', country: 'France', social_profiles: { github: 'a', mastodon: 'm' } } })
  const d = detailsOf(c)
  expect(changeOf(c, d)).toEqual({})
  expect(changeOf(c, { ...d, email: ' ', phone_number: '0049 151-2', country: 'DE', social: { ...d.social, github: 'b' } })).toEqual({
    email: null,
    phone_number: '+491512',
    additional_attributes: {
      country: 'Germany',
      country_code: 'DE',
      social_profiles: { facebook: '', instagram: '', linkedin: '', twitter: '', github: 'b', mastodon: 'm' },
    },
  })
})

test('who is online is not deleted, and the server has the last word', async () => {
  const w = mount(ContactHeader, { global: { plugins: [i18n, router] }, attachTo: document.body, props: { accountId: 1, contact: contact(1, { availability_status: 'online' }) } })
  mounted = w
  const item = () => [...document.querySelectorAll<HTMLElement>('[role=menuitem]')].find((i) => i.textContent?.includes('Delete'))
  await w.get('[aria-label="More"]').trigger('keydown', { key: 'Enter' })
  await vi.waitFor(() => expect(item()?.textContent).toContain('not while online'))
  expect(item()?.getAttribute('aria-disabled')).toBe('true')
  await w.setProps({ contact: contact(1) })
  answers = { [`DELETE ${A}/contacts/1`]: () => Response.json({ message: 'Person 1 is Online, please try again later' }, { status: 422 }) }
  item()?.click()
  await flushPromises()
  useUI().question?.answer(true)
  await flushPromises()
  expect(w.text()).toContain('The contact was not deleted')
  expect(w.text()).toContain('Person 1 is Online')
  expect(w.emitted('deleted')).toBeUndefined()
})

test('a merge is confirmed by the name of who goes, and may be turned round', async () => {
  answers = {
    [`GET ${A}/contacts/search`]: () => page(contact(1), contact(2, { name: 'Twin', custom_attributes: { plan: 'free' } })),
    [`POST ${A}/actions/contact_merge`]: () => Response.json(contact(2)),
  }
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  const w = mount(MergeDialog, { global: { plugins: [i18n, router] }, attachTo: document.body, props: { accountId: 1, contact: contact(1, { custom_attributes: { plan: 'pro' } }) } })
  mounted = w
  await w.get('input[type=search]').setValue('twin')
  await w.get('form[role=search]').trigger('submit')
  vi.useRealTimers()
  await flushPromises()
  const hits = w.findAll('li button')
  expect(hits.map((h) => h.text())).toHaveLength(1) // oneself is none
  await hits[0]?.trigger('click')
  expect(w.text()).toContain('plan: free')
  const act = () => w.findAll('button').find((b) => b.text() === 'Merge for good')
  expect(act()?.attributes('disabled')).toBeDefined()
  await w.get('input[name=confirm]').setValue('Twin')
  expect(act()?.attributes('disabled')).toBeUndefined()
  await w.findAll('button').find((b) => b.text().startsWith('Keep Twin'))?.trigger('click')
  expect(act()?.attributes('disabled')).toBeDefined()
  await w.get('input[name=confirm]').setValue('Person 1')
  await w.findAll('form').at(-1)?.trigger('submit')
  await flushPromises()
  expect(sent.at(-1)?.body).toEqual({ base_contact_id: 2, mergee_contact_id: 1 })
  expect(w.emitted('merged')).toHaveLength(1)
})
