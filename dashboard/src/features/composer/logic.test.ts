import { describe, expect, test } from 'vitest'
import type { CannedResponse, Inbox } from '@/data/directory'
import type { Conversation, Message } from '@/data/desk/types'
import { rankCanned } from './canned'
import { lengthOf, limitOf, marksOf, segmentsOf, toggleMark } from './channel'
import { repliesSince } from './collision'
import { maxBytes, sizeOf, takeFiles } from './files'
import { isAddress, parseAddresses, replyAll } from './mail'
import { mentioned, withLinks } from './mentions'
import { rankBy, triggerAt } from './trigger'
import { fill, unknown, valuesOf } from './variables'
import { timeLeft, windowOf } from './window'

const inbox = (channel_type: string, more: object = {}) => ({ channel_type, additional_attributes: {}, ...more }) as unknown as Inbox
const twilioWhatsApp = inbox('Channel::TwilioSms', { medium: 'whatsapp' })
const sms = inbox('Channel::TwilioSms', { medium: 'sms' })

test('limits by channel', () => {
  for (const [i, limit] of [
    [inbox('Channel::Whatsapp'), 4096],
    [twilioWhatsApp, 1600],
    [sms, 320],
    [inbox('Channel::Sms'), 320],
    [inbox('Channel::FacebookPage'), 2000],
    [inbox('Channel::Instagram'), 1000],
    [inbox('Channel::Telegram'), 4096],
    [inbox('Channel::Line'), 2000],
    [inbox('Channel::Email'), 25_000],
    [inbox('Channel::Api'), 10_000],
  ] as const) {
    expect(limitOf(i, false), i.channel_type).toBe(limit)
  }
  expect(limitOf(sms, true)).toBe(10_000)
  expect(lengthOf('a😀é')).toBe(3)
})

test('text messages are cut into segments', () => {
  expect(segmentsOf('')).toBe(0)
  expect(segmentsOf('a'.repeat(160))).toBe(1)
  expect(segmentsOf('a'.repeat(161))).toBe(2)
  expect(segmentsOf('€'.repeat(80))).toBe(1)
  expect(segmentsOf('€'.repeat(81))).toBe(2)
  expect(segmentsOf('ж'.repeat(70))).toBe(1)
  expect(segmentsOf('ж'.repeat(71))).toBe(2)
})

test('marks are those that the channel shows', () => {
  expect(marksOf(twilioWhatsApp, false)).toEqual({ bold: '*', italic: '_' })
  expect(marksOf(inbox('Channel::Telegram'), false)?.bold).toBe('**')
  expect(marksOf(sms, false)).toBeNull()
  expect(marksOf(sms, true)?.bold).toBe('**')
  expect(toggleMark('say hello', 4, 9, '*')).toEqual({ from: 4, to: 9, text: '*hello*', select: [5, 10] })
  expect(toggleMark('say *hello*', 5, 10, '*')).toEqual({ from: 4, to: 11, text: 'hello', select: [4, 9] })
})

describe('the window', () => {
  const hour = 3_600_000
  const conversation = { canReply: true, last: null } as Conversation
  const at = (created_at: number, message_type = 0) => ({ id: created_at, created_at, message_type }) as unknown as Message

  test('ends a day after the customer wrote', () => {
    const whatsApp = inbox('Channel::Whatsapp')
    expect(windowOf(conversation, whatsApp, [at(0), at(3600), at(90_000, 1)], 2 * hour)).toEqual({ open: true, left: 23 * hour })
    expect(windowOf(conversation, whatsApp, [at(3600)], 26 * hour)).toEqual({ open: false, left: 0 })
    // A new message opens it again, whatever was said before.
    expect(windowOf({ ...conversation, canReply: false, last: at(90_000) }, whatsApp, [], 26 * hour).open).toBe(true)
    expect(windowOf({ ...conversation, canReply: false }, whatsApp, [], 0)).toEqual({ open: false, left: null })
  })
  test('is what the inbox says, or the server', () => {
    expect(windowOf(conversation, inbox('Channel::Api', { additional_attributes: { agent_reply_time_window: '2' } }), [at(3600)], 2 * hour).left).toBe(hour)
    expect(windowOf(conversation, inbox('Channel::Api'), [at(0)], 99 * hour)).toEqual({ open: true, left: null })
    expect(windowOf({ ...conversation, canReply: false }, inbox('Channel::Instagram'), [at(0)], hour).open).toBe(false)
  })
  test('is said in hours and minutes', () => {
    expect(timeLeft(3 * hour + 7 * 60_000)).toBe('3:07')
    expect(timeLeft(1)).toBe('0:01')
  })
})

test('what is typed begins a choice', () => {
  const at = (text: string, note = false) => triggerAt(text, text.length, note)
  expect(at('/')).toEqual({ kind: 'canned', from: 0, query: '' })
  expect(at('Hello /gre')).toEqual({ kind: 'canned', from: 6, query: 'gre' })
  expect(at('https://x')).toBeNull()
  expect(at('1/2')).toBeNull()
  expect(at('see :smi')).toEqual({ kind: 'emoji', from: 4, query: 'smi' })
  expect(at('at 10:30')).toBeNull()
  expect(at('so: ')).toBeNull()
  expect(at('Dear {{con')).toEqual({ kind: 'variable', from: 5, query: 'con' })
  expect(at('{{contact.name}}')).toBeNull()
  expect(at('@Ada')).toBeNull()
  expect(at('@Ada L', true)).toEqual({ kind: 'mention', from: 0, query: 'Ada L' })
  expect(at('ada@example', true)).toBeNull()
  expect(triggerAt('/gr later', 3, false)).toEqual({ kind: 'canned', from: 0, query: 'gr' })
  expect(rankBy(['Bo Ada', 'Madam', 'Ada'], 'ada', (x) => x)).toEqual(['Ada', 'Bo Ada', 'Madam'])
})

test('canned responses are ranked by their code, then their content', () => {
  const canned = (short_code: string, content = '') => ({ short_code, content }) as CannedResponse
  const list = [canned('zz', 'we greet you'), canned('regret'), canned('greeting'), canned('gre'), canned('other')]
  expect(rankCanned(list, 'gre').map((c) => c.short_code)).toEqual(['gre', 'greeting', 'regret', 'zz'])
  expect(rankCanned(list, '')).toHaveLength(5)
})

test('variables are filled in; what is unknown is named', () => {
  const values = valuesOf({
    contact: { id: 3, name: 'ana de souza', email: null, phone: '+551', custom: { plan: 'Gold', seats: 4, none: '' } },
    agent: { id: 1, name: 'Ada', available: 'Ada L.', email: 'ada@example.com' },
    conversation: { id: 12, custom: { order: 'A-1' } },
    inbox: { id: 2, name: 'Shop' },
    account: { id: 1, name: 'Acme' },
  })
  const text = 'Dear {{ contact.first_name }} {{contact.last_name}}, {{contact.custom_attribute.plan}}/{{contact.custom_attribute.seats}} {{conversation.custom_attribute.order}}'
  expect(fill(text, values)).toBe('Dear Ana Souza, Gold/4 A-1')
  const open = '{{contact.email}} {{agent.first_name}} {{contact.email}} `{{code}}` {{contact.name | default: "you"}} {{contact.custom_attribute.none}}'
  expect(unknown(open, values)).toEqual(['contact.email', 'agent.first_name', 'contact.custom_attribute.none'])
  expect(fill(open, values)).toBe(open)
})

test('mentions are read in the text', () => {
  const people = [
    { kind: 'user', id: 1, name: 'Ada' },
    { kind: 'user', id: 2, name: 'Ada Lovelace' },
    { kind: 'user', id: 4, name: 'Bo' },
    { kind: 'user', id: 5, name: 'Bo' },
    { kind: 'team', id: 3, name: 'sales' },
  ] as const
  expect(withLinks('@Ada Lovelace, ask @sales. x@Ada @Adam @Ada', people)).toBe(
    '[@Ada Lovelace](mention://user/2/Ada%20Lovelace), ask [@sales](mention://team/3/sales). x@Ada @Adam [@Ada](mention://user/1/Ada)',
  )
  expect(mentioned('@Bo and @Bo', people, [people[3]]).map((m) => m.id)).toEqual([5])
  expect(withLinks('nobody', people)).toBe('nobody')
})

test('files are taken as far as they fit', () => {
  const file = (name: string, size: number) => Object.defineProperty(new File(['x'], name), 'size', { value: size })
  const taken = takeFiles(Array.from({ length: 14 }, () => file('held', 1)), [file('big', maxBytes + 1), file('ok', maxBytes), file('none', 0), file('late', 1)])
  expect(taken.files.map((f) => f.name).slice(14)).toEqual(['ok'])
  expect(taken).toMatchObject({ tooMany: true, tooBig: ['big'], empty: ['none'] })
  expect(sizeOf(1_400_000, 'en')).toBe('1.4 MB')
  expect(sizeOf(900, 'en')).toBe('900 byte')
})

test('an answer of a colleague is noticed', () => {
  const m = (id: number, more: object) => ({ id, created_at: id, message_type: 1, private: false, sender: { id: 2, type: 'user' }, ...more }) as unknown as Message
  const list = [m(1, {}), m(5, {}), m(6, { private: true }), m(7, { sender: { id: 1, type: 'user' } }), m(8, { message_type: 0 }), m(9, { sender: { id: 2, type: 'agent_bot' } })]
  expect(repliesSince(list, { after: 1 }, 1).map((x) => x.id)).toEqual([5])
  expect(repliesSince(list, { at: 500 }, 1).map((x) => x.id)).toEqual([1, 5])
  expect(repliesSince(list, null, 1)).toEqual([])
})

test('addresses', () => {
  expect(parseAddresses('Ada <ADA@example.com>; bo@example.com, bo@example.com c@d.e')).toEqual(['ada@example.com', 'bo@example.com', 'c@d.e'])
  expect(isAddress('ada@example.com')).toBe(true)
  for (const bad of ['ada', 'ada@example', 'a b@c.d', 'a@b..c']) expect(isAddress(bad), bad).toBe(false)
  const mail = { from: ['cus@x.org'], to: ['Help@Acme.com', 'boss@x.org'], cc: ['cus@x.org', 'c@x.org'] }
  const messages = [{ message_type: 0, content_attributes: { email: mail } }, { message_type: 1, content_attributes: {} }] as unknown as Message[]
  expect(replyAll(messages, 'old@x.org', ['help@acme.com', null])).toEqual({ to: ['cus@x.org'], cc: ['boss@x.org', 'c@x.org'], bcc: [] })
  expect(replyAll([], 'old@x.org', [])).toEqual({ to: ['old@x.org'], cc: [], bcc: [] })
})
