import { expect, test } from 'vitest'
import { compare, conditionsOf, matches, paramsOf, type Query } from './query'
import { conversationOf, laterMessage, merge, ms, newer, withMessage } from './reduce'
import type { Conversation, Message } from './types'

const message = (id: number, more: Partial<Message> = {}): Message => ({
  id, content: `m${id}`, content_attributes: {}, content_type: 'text', conversation_id: 1, created_at: 1_700_000_000 + id, inbox_id: 1, message_type: 0, private: false,
  source_id: null, status: 'sent', ...more,
})

const raw = (more: object = {}) => ({
  id: 1, inbox_id: 3, status: 'open', priority: null, labels: ['a'], unread_count: 2, can_reply: true, created_at: 1_700_000_000, last_activity_at: 1_700_000_100,
  waiting_since: 0, first_reply_created_at: 0, updated_at: 10.5, messages: [], custom_attributes: {}, additional_attributes: {},
  meta: { channel: 'Channel::Api', sender: { id: 9, name: 'Ann', email: null, phone_number: '+1', thumbnail: '', blocked: false, availability_status: 'online' }, assignee: { id: 7, available_name: 'Bo' } },
  ...more,
})

test('times come as seconds, as text or as ISO', () => {
  expect(ms(1_700_000_000)).toBe(1_700_000_000_000)
  expect(ms('1700000000')).toBe(1_700_000_000_000)
  expect(ms('2025-01-31T10:15:30.000Z')).toBe(Date.UTC(2025, 0, 31, 10, 15, 30))
  for (const never of [null, undefined, '', 'x', 0]) expect(ms(never)).toBe(0)
})

test('a conversation is the same whichever way it came', () => {
  const answer = conversationOf(raw({ last_non_activity_message: message(5), messages: [message(5)], muted: false }))
  expect(answer).toMatchObject({ id: 1, assignee: { id: 7, name: 'Bo' }, contact: { id: 9, online: true }, unread: 2, last: { id: 5 } })
  // A live frame has no presence, no mute, and the newest public message only.
  const frame = raw({ updated_at: 11, first_reply_created_at: '2025-01-31T10:15:30.000Z', meta: { sender: { id: 9, name: 'Ann B', thumbnail: '' }, assignee: null }, channel: 'Channel::Api', messages: [message(4)] })
  const held = { ...answer, last: message(6, { private: true }) }
  const live = newer(frame, held)
  expect(live).toMatchObject({ channel: 'Channel::Api', assignee: null, contact: { name: 'Ann B', online: true }, firstReplyAt: Date.UTC(2025, 0, 31, 10, 15, 30), last: { id: 6 } })
})

test('what is older than what is held is dropped, in whatever order frames come', () => {
  const frames = [raw({ updated_at: 1, status: 'open' }), raw({ updated_at: 2, status: 'pending' }), raw({ updated_at: 3, status: 'resolved' })]
  for (const order of [[0, 1, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1]]) {
    let held: Conversation | undefined
    for (const i of order) held = newer(frames[i], held)
    expect(held?.status, String(order)).toBe('resolved')
  }
})

test('a message moves its conversation on, never back', () => {
  const c = conversationOf(raw())
  const next = withMessage(c, { ...message(8), conversation: { unread_count: 3, last_activity_at: 1_700_000_200 } } as never)
  expect(next).toMatchObject({ unread: 3, lastActivityAt: 1_700_000_200_000, last: { id: 8 } })
  expect(withMessage(next, { ...message(7), conversation: { unread_count: 3, last_activity_at: 1_700_000_150 } } as never)).toMatchObject({ lastActivityAt: 1_700_000_200_000, last: { id: 8 } })
  expect(withMessage(next, message(9, { message_type: 2 }))).toMatchObject({ last: { id: 8 }, lastAny: { id: 9 } })
})

test('receipts only move forward; a retry begins again', () => {
  const at = (a: Message['status'], b: Message['status']) => laterMessage(message(1, { status: a }), message(1, { status: b })).status
  expect(at('sent', 'delivered')).toBe('delivered')
  expect(at('read', 'delivered')).toBe('read')
  expect(at('delivered', 'sent')).toBe('delivered')
  expect(at('sent', 'failed')).toBe('failed')
  expect(at('failed', 'sent')).toBe('sent')
  expect(at('failed', 'delivered')).toBe('delivered')
  expect(laterMessage(message(1, { status: 'failed', source_id: 'p' }), message(1)).source_id).toBeNull()
})

test('threads merge by id, whatever comes twice or late', () => {
  const a = merge([], [message(3), message(1)])
  expect(a.map((m) => m.id)).toEqual([1, 3])
  const b = merge(a, [message(2), message(3, { status: 'read' })])
  expect(b.map((m) => [m.id, m.status])).toEqual([[1, 'sent'], [2, 'sent'], [3, 'read']])
  expect(merge(b, [])).toBe(b)
})

const q = (more: Partial<Query> = {}): Query => ({ status: 'open', tab: 'all', sort: 'last_activity_at_desc', ...more })

test('what belongs into a list', () => {
  const c = conversationOf(raw())
  expect(matches(q(), c, 7)).toBe(true)
  expect(matches(q({ status: 'resolved' }), c, 7)).toBe(false)
  expect(matches(q({ tab: 'me' }), c, 7)).toBe(true)
  expect(matches(q({ tab: 'me' }), c, 8)).toBe(false)
  expect(matches(q({ tab: 'unassigned' }), c, 7)).toBe(false)
  expect(matches(q({ inboxId: 4 }), c, 7)).toBe(false)
  expect(matches(q({ label: 'a' }), c, 7)).toBe(true)
  expect(matches(q({ label: 'b' }), c, 7)).toBe(false)
  expect(matches(q({ unread: true }), c, 7)).toBe(true)
  expect(matches(q({ kind: 'unattended' }), c, 7)).toBe(true)
  expect(matches(q({ kind: 'unattended' }), { ...c, firstReplyAt: 1 }, 7)).toBe(false)
  // Only the server knows.
  expect(matches(q({ kind: 'mention' }), c, 7)).toBeNull()
  expect(matches(q({ filter: [{}] }), c, 7)).toBeNull()
})

test('lists are in the order of the server', () => {
  const c = (id: number, more: Partial<Conversation>) => ({ ...conversationOf(raw({ id })), waitingSince: 0, ...more })
  const sorted = (sort: Query['sort'], list: Conversation[]) => [...list].sort(compare(sort)).map((x) => x.id)
  const list = [
    c(1, { lastActivityAt: 10, priority: 'low', waitingSince: 5, createdAt: 1 }),
    c(2, { lastActivityAt: 30, priority: null, waitingSince: 0, createdAt: 2 }),
    c(3, { lastActivityAt: 20, priority: 'urgent', waitingSince: 3, createdAt: 3 }),
  ]
  expect(sorted('last_activity_at_desc', list)).toEqual([2, 3, 1])
  expect(sorted('last_activity_at_asc', list)).toEqual([1, 3, 2])
  expect(sorted('priority_desc', list)).toEqual([3, 1, 2])
  expect(sorted('priority_asc', list)).toEqual([1, 3, 2])
  expect(sorted('waiting_since_asc', list)).toEqual([3, 1, 2])
  expect(sorted('waiting_since_desc', list)).toEqual([1, 3, 2])
  expect(sorted('created_at_desc', list)).toEqual([3, 2, 1])
})

test('a list in the words of the API and of the filter', () => {
  expect(paramsOf(q({ label: 'a', teamId: 2 }))).toMatchObject({ 'status[]': ['open'], assignee_type: 'all', 'labels[]': ['a'], team_id: 2 })
  expect(conditionsOf(q({ tab: 'me', inboxId: 3 }), 7)).toEqual([
    { attribute_key: 'status', filter_operator: 'equal_to', values: ['open'], query_operator: 'AND' },
    { attribute_key: 'assignee_id', filter_operator: 'equal_to', values: [7], query_operator: 'AND' },
    { attribute_key: 'inbox_id', filter_operator: 'equal_to', values: [3], query_operator: null },
  ])
  expect(conditionsOf(q({ kind: 'mention' }), 7)).toBeNull()
})
