import { expect, test } from 'vitest'
import type { Inbox } from '@/data/directory'
import { fieldsOf, fullText, paramsOf, piecesOf, prefill, problemOf } from './templateFields'
import { isUsable, searchTemplates, templatesOf, type Template } from './templates'

const order = {
  name: 'order_ready', language: 'en_US', status: 'APPROVED', category: 'UTILITY',
  components: [
    { type: 'HEADER', format: 'DOCUMENT' },
    { type: 'BODY', text: 'Hi {{1}}, your order {{2}} is *ready*.', example: { body_text: [['Ana', 'A-1']] } },
    { type: 'FOOTER', text: 'Acme' },
    {
      type: 'BUTTONS',
      buttons: [{ type: 'QUICK_REPLY', text: 'Stop' }, { type: 'URL', text: 'Track', url: 'https://acme.com/{{1}}', example: ['https://acme.com/1'] }, { type: 'COPY_CODE', text: 'Copy' }],
    },
  ],
}
const named = {
  name: 'hello', language: 'pt_BR', status: 'REJECTED', category: 'MARKETING', parameter_format: 'NAMED',
  components: [
    { type: 'HEADER', format: 'TEXT', text: 'For {{customer_name}}' },
    { type: 'BODY', text: 'Use {{voucher}}', example: { body_text_named_params: [{ param_name: 'voucher', example: 'X1' }] } },
  ],
}
const odd = { name: 'cards', language: 'en', status: 'APPROVED', components: [{ type: 'BODY', text: 'x' }, { type: 'CAROUSEL' }] }
const whatsApp = { channel_type: 'Channel::Whatsapp', message_templates: [named, odd, order] } as unknown as Inbox
const twilio = {
  channel_type: 'Channel::TwilioSms', medium: 'whatsapp',
  content_templates: {
    templates: [
      {
        content_sid: 'HX1', friendly_name: 'offer', language: 'en', status: 'approved', template_type: 'media', category: 'marketing', body: 'Hello {{1}}',
        variables: { 1: 'Ana', 2: 'a.png' }, types: { 'twilio/media': { body: 'Hello {{1}}', media: ['https://cdn.acme.com/{{2}}'] } },
      },
    ],
  },
} as unknown as Inbox
const who = { name: 'Ana Souza', email: 'ana@x.org', phone: '+551' }
const get = (name: string): Template => templatesOf(whatsApp)?.find((t) => t.name === name) as Template

test('approved templates come first, and channels without any say so', () => {
  const list = templatesOf(whatsApp) ?? []
  expect(list.map((t) => [t.name, isUsable(t)])).toEqual([['order_ready', true], ['cards', false], ['hello', false]])
  expect(templatesOf({ channel_type: 'Channel::Whatsapp', message_templates: {} } as unknown as Inbox)).toEqual([])
  expect(templatesOf({ channel_type: 'Channel::Email' } as unknown as Inbox)).toBeNull()
  expect(searchTemplates(list, { term: 'order rea', language: '', category: '' }).map((t) => t.name)).toEqual(['order_ready'])
  expect(searchTemplates(list, { term: 'voucher', language: 'pt_BR', category: 'marketing' }).map((t) => t.name)).toEqual(['hello'])
  expect(searchTemplates(list, { term: '', language: 'de', category: '' })).toEqual([])
})

test('what a template asks for is prefilled where it is obvious', () => {
  const t = get('order_ready')
  expect(fieldsOf(t).map((f) => f.id)).toEqual(['media', 'media_name', 'body:1', 'body:2', 'button:1', 'button:2'])
  expect(prefill(t, who)).toEqual({ media: '', media_name: '', 'body:1': 'Ana Souza', 'body:2': '', 'button:1': '', 'button:2': '' })
  expect(prefill(get('hello'), who)).toEqual({ 'header:customer_name': 'Ana Souza', 'body:voucher': '' })
  expect(fieldsOf(get('hello'))[1]?.example).toBe('X1')
})

test('values are checked as the provider will', () => {
  const t = get('order_ready')
  const problem = (id: string, value: string) => problemOf(t, fieldsOf(t).find((f) => f.id === id) as never, value)
  expect(problem('body:1', ' ')).toBe('missing')
  expect(problem('media_name', '')).toBeNull()
  expect(problem('media', 'file')).toBe('address')
  expect(problem('media', `https://a.b/${'x'.repeat(2000)}`)).toBe('addressLong')
  expect(problem('body:2', 'x'.repeat(1001))).toBe('long')
  expect(problem('body:2', 'a     b')).toBe('spaces')
  expect(problem('button:2', 'x'.repeat(16))).toBe('code')
  expect(problem('button:1', '42')).toBeNull()
})

test('it is sent by component, with its buttons in their places', () => {
  const values = { media: 'https://a.b/c.pdf', media_name: '', 'body:1': 'Ana', 'body:2': ' A-1 ', 'button:1': '42', 'button:2': 'SAVE' }
  expect(paramsOf(get('order_ready'), values)).toEqual({
    name: 'order_ready', category: 'UTILITY', language: 'en_US',
    processed_params: {
      header: { media_url: 'https://a.b/c.pdf', media_type: 'document' },
      body: { 1: 'Ana', 2: 'A-1' },
      buttons: [null, { type: 'url', parameter: '42' }, { type: 'copy_code', parameter: 'SAVE' }],
    },
  })
  expect(fullText(get('order_ready'), values)).toBe('Hi Ana, your order A-1 is *ready*.\n\nAcme')
  expect(paramsOf(get('hello'), { 'header:customer_name': 'Ana', 'body:voucher': 'V' }).processed_params).toEqual({ header: { customer_name: 'Ana' }, body: { voucher: 'V' } })
})

test('Twilio gets one list of values', () => {
  const t = templatesOf(twilio)?.[0] as Template
  expect(fieldsOf(t).map((f) => f.id).sort()).toEqual(['body:1', 'body:2'])
  expect(prefill(t, who)['body:1']).toBe('Ana Souza')
  const values = { 'body:1': 'Ana', 'body:2': 'b.png' }
  expect(paramsOf(t, values)).toEqual({ name: 'offer', category: 'MARKETING', language: 'en', processed_params: { 1: 'Ana', 2: 'b.png' } })
  expect(fullText(t, values)).toBe('Hello Ana')
})

test('a preview knows what is open and what is emphasised', () => {
  expect(piecesOf('Hi {{1}}, *now* 2*3 {{2}}', (n) => (n === '1' ? 'Ana' : ''))).toEqual([
    { text: 'Hi ' }, { text: 'Ana', place: 'filled' }, { text: ', ' }, { text: 'now', bold: true }, { text: ' 2*3 ' }, { text: '{{2}}', place: 'open' },
  ])
})
