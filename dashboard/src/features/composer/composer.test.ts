import 'fake-indexeddb/auto'
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createI18n } from 'vue-i18n'
import type { User } from '@/api/types'
import app from '@/app/texts/en.json'
import { useDrafts } from '@/data/desk/drafts'
import { useThreads, type Thread } from '@/data/desk/threads'
import type { Conversation, Message } from '@/data/desk/types'
import { useDirectory, type Inbox } from '@/data/directory'
import { useIdentity } from '@/data/identity'
import { useUI } from '@/data/ui'
import Composer from './Composer.vue'
import texts from './texts/en.json'

interface Call {
  method: string
  path: string
  body: Record<string, unknown>
}
let calls: Call[]
let wrapper: VueWrapper
const canned = [
  { id: 1, short_code: 'greet', content: 'Hello {{contact.name}}', attachments: [] },
  { id: 2, short_code: 'mail', content: 'Is it {{contact.email}}?', attachments: [] },
]
const people = { payload: [{ id: 7, name: 'Bo Berg', available_name: 'Bo', thumbnail: '' }] }

const inbox = (more: object = {}) => ({ id: 2, name: 'Shop', channel_type: 'Channel::WebWidget', additional_attributes: {}, ...more }) as unknown as Inbox
const conversation = (id: number, more: Partial<Conversation> = {}) =>
  ({
    id, inboxId: 2, canReply: true, last: null, lastAny: null, custom: {},
    contact: { id: 30 + id, name: 'ana', avatar: '', email: null, phone: null, blocked: false, online: false }, ...more,
  }) as Conversation
const message = (id: number, more: object = {}) => ({ id, content: 'x', created_at: id, message_type: 0, private: false, content_attributes: {}, ...more }) as unknown as Message
const thread = (id: number, messages: Message[]): Thread => ({ id, messages, upTo: 0, whole: true, stale: false, loading: false, error: null })
const user = (ui_settings: object = {}) =>
  ({ id: 1, name: 'Ada', available_name: 'Ada', email: 'ada@example.com', message_signature: null, ui_settings, accounts: [{ id: 1, name: 'Acme', role: 'administrator' }] }) as unknown as User

function show(c: Conversation, i = inbox(), u = user()): void {
  useIdentity().set(u)
  useDirectory().inboxes = [i]
  wrapper = mount(Composer, {
    props: { accountId: 1, conversation: c },
    attachTo: document.body,
    global: { plugins: [createI18n({ legacy: false, locale: 'en', messages: { en: { ...app, composer: texts } } })] },
  })
}
const area = () => wrapper.get('textarea')
const exposed = () => wrapper.vm as unknown as { focus: (m: string) => Promise<void>; quote: (m: Message) => void; insert: (t: string) => Promise<void>; addFiles: (f: File[]) => void }
async function type(text: string): Promise<void> {
  area().element.focus()
  area().element.value = text
  area().element.setSelectionRange(text.length, text.length)
  await area().trigger('input')
  await flushPromises()
}
const posted = () => calls.filter((c) => c.path.endsWith('/messages') && c.method === 'POST')
const typing = () => calls.filter((c) => c.path.endsWith('toggle_typing_status')).map((c) => c.body.typing_status)

beforeEach(() => {
  calls = []
  const pinia = createPinia()
  setActivePinia(pinia)
  document.body.innerHTML = ''
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
    calls.push({ method: init.method ?? '', path, body: init.body ? (JSON.parse(init.body as string) as Record<string, unknown>) : {} })
    const answer = path.includes('canned_responses') ? canned : path.includes('assignable_agents') ? people : path.includes('/contacts/') ? { payload: { custom_attributes: {} } } : message(99)
    return Promise.resolve(new Response(JSON.stringify(answer), { status: 200 }))
  })
  vi.stubGlobal('BroadcastChannel', class { postMessage = () => {} })
  Object.defineProperty(navigator, 'locks', { configurable: true, value: { request: (_: string, f: () => Promise<void>) => f() } })
})
afterEach(() => {
  wrapper.unmount()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

test('Enter sends once, to the conversation in which it was written', async () => {
  show(conversation(5))
  await type('  Hello ')
  await area().trigger('keydown', { key: 'Enter', shiftKey: true })
  expect(wrapper.emitted('sent')).toBeUndefined()
  void area().trigger('keydown', { key: 'Enter' })
  await area().trigger('keydown', { key: 'Enter' })
  await vi.waitFor(() => expect(posted()).toHaveLength(1))
  expect(posted()[0]).toMatchObject({ path: '/api/v1/accounts/1/conversations/5/messages', body: { content: 'Hello', private: false } })
  expect(wrapper.emitted('sent')?.[0]?.[0]).toBe(posted()[0]?.body.echo_id)
  expect(area().element.value).toBe('')
  expect(useDrafts().has(1, 5)).toBe(false)
})

test('Enter of an input method chooses a word', async () => {
  show(conversation(5))
  await type('にほ')
  await area().trigger('compositionstart')
  await area().trigger('keydown', { key: 'Enter' })
  await area().trigger('compositionend')
  await area().trigger('keydown', { key: 'Enter', isComposing: true })
  await area().trigger('keydown', { key: 'Enter', keyCode: 229 })
  await flushPromises()
  expect(posted()).toEqual([])
  expect(area().element.value).toBe('にほ')
})

test('who sends with a second key writes lines with Enter', async () => {
  show(conversation(5), inbox(), user({ editor_message_key: 'cmd_enter' }))
  await type('Hello')
  await area().trigger('keydown', { key: 'Enter' })
  expect(wrapper.emitted('sent')).toBeUndefined()
  await area().trigger('keydown', { key: 'Enter', ctrlKey: true })
  await vi.waitFor(() => expect(wrapper.emitted('sent')).toHaveLength(1))
})

test('every conversation and mode has its own text, quote and files', async () => {
  useThreads().all.set(5, thread(5, [message(41, { content: 'Where is it?', sender: { id: 35, type: 'contact', name: 'Ana' } })]))
  show(conversation(5))
  await type('for five')
  exposed().quote(message(41))
  exposed().addFiles([new File(['x'], 'five.txt')])
  await flushPromises()
  expect(wrapper.text()).toContain('Where is it?')
  expect(wrapper.text()).toContain('five.txt')
  await exposed().focus('note')
  await type('a note')

  await wrapper.setProps({ conversation: conversation(6) })
  expect(area().element.value).toBe('')
  expect(wrapper.text()).not.toContain('five.txt')
  await type('for six')
  await area().trigger('keydown', { key: 'Enter' })
  await vi.waitFor(() => expect(posted().map((c) => [c.path.split('/')[6], c.body.content])).toEqual([['6', 'for six']]))

  await wrapper.setProps({ conversation: conversation(5) })
  await flushPromises()
  await exposed().focus('reply')
  expect(area().element.value).toBe('for five')
  expect(wrapper.text()).toContain('Where is it?')
  expect(wrapper.text()).toContain('five.txt')
  await exposed().focus('note')
  expect(area().element.value).toBe('a note')
})

test('a draft outlives the page', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  show(conversation(8))
  await flushPromises()
  await type('begun')
  vi.advanceTimersByTime(350)
  vi.useRealTimers()
  await new Promise((r) => setTimeout(r, 50))
  wrapper.unmount()
  setActivePinia(createPinia())
  show(conversation(8))
  await vi.waitFor(() => expect(area().element.value).toBe('begun'))
})

test('what comes back from the outbox is taken over, and typing goes on', async () => {
  show(conversation(5))
  await type('hello')
  await area().trigger('keydown', { key: 'Enter' })
  await vi.waitFor(() => expect(posted()).toHaveLength(1))
  useDrafts().set({ accountId: 1, conversationId: 5, mode: 'reply', text: 'hello again', replyTo: null, files: [] })
  await flushPromises()
  expect(area().element.value).toBe('hello again')
  await type('hello again, Ana')
  expect(useDrafts().get(1, 5, 'reply')?.text).toBe('hello again, Ana')
})

test('Esc leaves and keeps the draft; Up in an empty text goes to the last message', async () => {
  show(conversation(5))
  await area().trigger('keydown', { key: 'ArrowUp' })
  expect(wrapper.emitted('last')).toHaveLength(1)
  await type('kept')
  await area().trigger('keydown', { key: 'ArrowUp' })
  expect(wrapper.emitted('last')).toHaveLength(1)
  await area().trigger('keydown', { key: 'Escape' })
  expect(wrapper.emitted('leave')).toHaveLength(1)
  expect(useDrafts().get(1, 5, 'reply')?.text).toBe('kept')
})

test('"/" inserts a canned response at the cursor, and asks about what is not known', async () => {
  show(conversation(5))
  await type('Well, /gre')
  await vi.waitFor(() => expect(wrapper.findAll('[role=option]')).toHaveLength(1))
  await area().trigger('keydown', { key: 'Enter' })
  expect(area().element.value).toBe('Well, Hello Ana')
  expect(posted()).toEqual([])
  await type('/mail')
  await area().trigger('keydown', { key: 'Tab' })
  expect(area().element.value).toBe('Is it {{contact.email}}?')
  expect(wrapper.text()).toContain('would arrive empty')
  await area().trigger('keydown', { key: 'Enter' })
  await flushPromises()
  useUI().question?.answer(false)
  await flushPromises()
  expect(posted()).toEqual([])
  expect(area().element.value).toBe('Is it {{contact.email}}?')
  await area().trigger('keydown', { key: 'Enter' })
  useUI().question?.answer(true)
  await vi.waitFor(() => expect(posted()).toHaveLength(1))
})

test('a note names people, and goes as one', async () => {
  show(conversation(5))
  await exposed().focus('note')
  await type('ask @bo')
  await vi.waitFor(() => expect(wrapper.findAll('[role=option]')).toHaveLength(1))
  await area().trigger('keydown', { key: 'Enter' })
  expect(area().element.value).toBe('ask @Bo Berg ')
  expect(wrapper.text()).toContain('Will be told: Bo Berg')
  await area().trigger('keydown', { key: 'Enter' })
  await vi.waitFor(() => expect(posted()).toHaveLength(1))
  expect(posted()[0]?.body).toMatchObject({ private: true, content: 'ask [@Bo Berg](mention://user/7/Bo%20Berg)' })
})

test('a colleague who answered meanwhile is shown, and Send asks once', async () => {
  const threads = useThreads()
  threads.all.set(5, thread(5, [message(1)]))
  show(conversation(5))
  await type('mine')
  threads.all.set(5, thread(5, [message(1), message(2, { message_type: 1, content: 'theirs', sender: { id: 7, type: 'user', name: 'Bo' } })]))
  await flushPromises()
  expect(wrapper.text()).toContain('Bo replied while you were writing.')
  await area().trigger('keydown', { key: 'Enter' })
  expect(useUI().question?.text).toContain('theirs')
  useUI().question?.answer(false)
  await flushPromises()
  expect(posted()).toEqual([])
  await area().trigger('keydown', { key: 'Enter' })
  await vi.waitFor(() => expect(posted()).toHaveLength(1))
})

test('too long a text is not sent', async () => {
  show(conversation(5), inbox({ channel_type: 'Channel::TwilioSms', medium: 'sms' }))
  await type('a'.repeat(161))
  expect(wrapper.text()).toContain('2 SMS')
  await type('a'.repeat(321))
  expect(wrapper.text()).toContain('1 characters too many')
  await area().trigger('keydown', { key: 'Enter' })
  await flushPromises()
  expect(posted()).toEqual([])
})

test('others learn that somebody writes', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  show(conversation(5))
  await type('a')
  await type('ab')
  expect(typing()).toEqual(['on'])
  vi.advanceTimersByTime(2_900)
  await type('abc')
  vi.advanceTimersByTime(3_100)
  expect(typing()).toEqual(['on', 'off'])
  await type('abcd')
  await area().trigger('blur')
  expect(typing()).toEqual(['on', 'off', 'on', 'off'])
  expect(calls.find((c) => c.path.endsWith('toggle_typing_status'))?.path).toContain('/conversations/5/')
})

test('after the window WhatsApp offers templates, others a note', async () => {
  const template = { name: 'hello', language: 'en', status: 'APPROVED', category: 'UTILITY', components: [{ type: 'BODY', text: 'Hi {{1}}' }] }
  show(conversation(5, { canReply: false }), inbox({ channel_type: 'Channel::Whatsapp', message_templates: [template] }))
  expect(wrapper.find('textarea').exists()).toBe(false)
  await wrapper.findAll('button').find((b) => b.text().startsWith('hello'))?.trigger('click')
  expect(wrapper.get<HTMLInputElement>('input[name="body:1"]').element.value).toBe('ana')
  await wrapper.get('form').trigger('submit')
  await vi.waitFor(() => expect(posted()).toHaveLength(1))
  expect(posted()[0]?.body).toMatchObject({ content: 'Hi ana', template_params: { name: 'hello', language: 'en', processed_params: { body: { 1: 'ana' } } } })
  wrapper.unmount()
  show(conversation(6, { canReply: false }), inbox({ channel_type: 'Channel::Instagram' }))
  expect(wrapper.text()).toContain('until the customer writes again')
  await exposed().focus('note')
  expect(wrapper.find('textarea').exists()).toBe(true)
})

test('an e-mail says to whom it goes, with the signature where that is wanted', async () => {
  const mail = { from: ['ana@x.org'], to: ['help@acme.com'], cc: ['boss@x.org'] }
  useThreads().all.set(5, thread(5, [message(1, { content_attributes: { email: mail } })]))
  const ada = { ...user({ channel_email_signature_enabled: true }), message_signature: 'Ada, Acme' }
  show(conversation(5, { contact: { ...conversation(5).contact, email: 'ana@x.org' } }), inbox({ channel_type: 'Channel::Email', email: 'help@acme.com' }), ada)
  await type('Hello')
  await area().trigger('keydown', { key: 'Enter' })
  await vi.waitFor(() => expect(posted()).toHaveLength(1))
  expect(posted()[0]?.body).toMatchObject({ content: 'Hello\n\n--\nAda, Acme', cc_emails: 'boss@x.org' })
  expect(posted()[0]?.body).not.toHaveProperty('to_emails')
})
