import { expect, test } from 'vitest'
import type { Message } from '@/data/desk/types'
import { choiceOf, filterOf, folderOf, pathOf, queryOf, type Folder } from './folder'
import { plain, previewOf } from './list/preview'
import { failureOf } from './thread/failure'
import { entriesOf, tickOf } from './thread/groups'
import { around, atEnd, down, grown, most, up } from './thread/window'

const message = (id: number, more: Partial<Message> = {}): Message => ({
  id, content: `m${id}`, content_attributes: {}, content_type: 'text', conversation_id: 1, created_at: 1_700_000_000 + id, inbox_id: 1, message_type: 0, private: false,
  source_id: null, status: 'sent', ...more,
})

test('every list has an address, and every address its list', () => {
  const folders: [Folder, Record<string, string>, object][] = [
    [{ kind: 'all' }, {}, {}],
    [{ kind: 'inbox', id: 3 }, { inboxId: '3' }, {}],
    [{ kind: 'team', id: 3 }, { teamId: '3' }, {}],
    [{ kind: 'view', id: 3 }, { viewId: '3' }, {}],
    [{ kind: 'label', title: 'a b/ü' }, { label: 'a b/ü' }, {}],
    [{ kind: 'mentions' }, {}, { folder: 'mentions' }],
  ]
  for (const [folder, params, meta] of folders) expect(folderOf({ params, meta } as never)).toEqual(folder)
  expect(pathOf(1, { kind: 'all' })).toBe('/app/accounts/1/dashboard')
  expect(pathOf(1, { kind: 'all' }, 5)).toBe('/app/accounts/1/conversations/5')
  expect(pathOf(1, { kind: 'inbox', id: 3 }, 5)).toBe('/app/accounts/1/inbox/3/conversations/5')
  expect(pathOf(1, { kind: 'label', title: 'a b' })).toBe('/app/accounts/1/label/a%20b')
  expect(pathOf(1, { kind: 'mentions' }, 5)).toBe('/app/accounts/1/mentions/conversations/5')
})

test('what an address chooses, else what was chosen last', () => {
  expect(choiceOf({}, undefined)).toEqual({ tab: 'all', status: 'open', sort: 'last_activity_at_desc', unread: false })
  expect(choiceOf({ tab: 'me', unread: '1' }, { status: 'resolved', order_by: 'priority_desc' })).toEqual({ tab: 'me', status: 'resolved', sort: 'priority_desc', unread: true })
  expect(choiceOf({ status: 'x', sort: 'x' }, { status: 7 })).toMatchObject({ status: 'open', sort: 'last_activity_at_desc' })
  const choice = choiceOf({}, undefined)
  expect(queryOf({ kind: 'team', id: 2 }, choice, undefined)).toMatchObject({ teamId: 2, status: 'open' })
  expect(queryOf({ kind: 'mentions' }, choice, undefined)).toMatchObject({ kind: 'mention' })
  expect(filterOf({ f: '[{"a":1}]' })).toEqual([{ a: 1 }])
  for (const f of [undefined, '', '[]', '{}', 'x']) expect(filterOf(f === undefined ? {} : { f })).toBeUndefined()
})

test('what a row says of the newest message', () => {
  expect(previewOf(message(1, { content: 'Hello **you**' }), 7)).toEqual({ text: 'Hello you' })
  expect(previewOf(message(1, { message_type: 1, sender: { id: 7, type: 'user' } as never }), 7).by).toBe('you')
  expect(previewOf(message(1, { message_type: 1, sender: { id: 8, type: 'user' } as never }), 7).by).toBe('team')
  expect(previewOf(message(1, { message_type: 3 }), 7).by).toBe('bot')
  expect(previewOf(message(1, { private: true, message_type: 1 }), 7).by).toBe('note')
  expect(previewOf(message(1, { content: '', attachments: [{ file_type: 'image' } as never] }), 7)).toEqual({ kind: 'image', text: '' })
  expect(plain('see [the page](https://example.com) and [@Bo](mention://user/1/Bo)')).toBe('see the page and Bo')
})

test('messages of one author stand together, days and unread ones apart', () => {
  const list = [message(1), message(2), message(3, { message_type: 1, sender: { id: 7, type: 'user' } as never }), message(86_500), message(86_501, { message_type: 2 }), message(86_502, { message_type: 2 })]
  const entries = entriesOf(list, 3)
  expect(entries.map((e) => e.kind)).toEqual(['day', 'message', 'message', 'unread', 'message', 'day', 'message', 'activity'])
  expect(entries.flatMap((e) => (e.kind === 'message' ? [[e.first, e.last]] : []))).toEqual([[true, false], [false, true], [true, true], [true, true]])
  expect(entries.at(-1)).toMatchObject({ messages: [{ id: 86_501 }, { id: 86_502 }] })
})

test('how far a message came', () => {
  expect(tickOf(message(1))).toBe('server')
  expect(tickOf(message(1, { source_id: 'x' }))).toBe('provider')
  for (const status of ['delivered', 'read', 'failed'] as const) expect(tickOf(message(1, { status }))).toBe(status)
})

test('failures say what helps', () => {
  expect(failureOf('131047: Re-engagement message')).toEqual({ code: '131047', text: 'Re-engagement message', remedy: 'template' })
  expect(failureOf('(#551) This person is not available')).toMatchObject({ code: '551', remedy: 'blocked' })
  expect(failureOf('21610 - Attempt to send to unsubscribed recipient')).toMatchObject({ code: '21610', remedy: 'blocked' })
  expect(failureOf('400, Forbidden: bot was blocked by the user')).toEqual({ code: '400', text: 'Forbidden: bot was blocked by the user', remedy: 'blocked' })
  expect(failureOf('something')).toEqual({ code: null, text: 'something', remedy: 'none' })
  expect(failureOf(undefined)).toEqual({ code: null, text: '', remedy: 'none' })
})

test('of a long thread only a part is drawn', () => {
  let r = atEnd(50_000)
  expect(r.end).toBe(50_000)
  for (let i = 0; i < 20; i++) {
    r = up(r)
    expect(r.end - r.start).toBeLessThanOrEqual(most)
  }
  for (let i = 0; i < 40; i++) r = down(r, 50_000)
  expect(r).toEqual({ start: 50_000 - most, end: 50_000 })
  expect(atEnd(5)).toEqual({ start: 0, end: 5 })
  expect(around(10, 50)).toEqual({ start: 0, end: 50 })
  // Twenty came before what is drawn; five behind it, followed and not.
  expect(grown({ start: 0, end: 20 }, 20, 40, false)).toEqual({ start: 20, end: 40 })
  expect(grown({ start: 0, end: 20 }, 0, 25, true)).toEqual({ start: 0, end: 25 })
  expect(grown({ start: 0, end: 20 }, 0, 25, false)).toEqual({ start: 0, end: 20 })
})
