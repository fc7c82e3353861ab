import { expect, test } from 'vitest'
import { allEvents, groups, ticked, usual, withEvents } from './events'
import { continued, refreshed, type Delivery, type Log } from './log'

test('groups of events are chosen at once', () => {
  expect(usual).toHaveLength(8)
  expect(ticked(usual, groups.messages)).toBe('all')
  expect(ticked(usual, groups.conversations)).toBe('some')
  expect(ticked(usual, groups.inboxes)).toBe('none')
  expect(withEvents([], groups.messages, true)).toEqual(['message_created', 'message_updated'])
  expect(withEvents(['message_updated', 'contact_created', 'new_event'], groups.messages, true)).toEqual(['message_created', 'message_updated', 'contact_created', 'new_event'])
  expect(withEvents(allEvents, allEvents, false)).toEqual([])
})

const d = (id: number, state: Delivery['state'] = 'delivered') => ({ id, state }) as Delivery
const log = (ids: readonly number[], cursor: number | null): Log => ({ list: ids.map((id) => d(id)), cursor })
const ids = (l: Log) => l.list.map((x) => x.id)

test('the newest page is read again, and older ones stay', () => {
  const read = continued(log([9, 8, 7], 7), log([6, 5, 4], 4))
  expect(ids(read)).toEqual([9, 8, 7, 6, 5, 4])
  const now = refreshed(read, log([11, 10, 9], 9))
  expect(ids(now)).toEqual([11, 10, 9, 8, 7, 6, 5, 4])
  expect(now.cursor).toBe(4)
  // A page of what happened between is missing: only what is sure is shown.
  expect(ids(refreshed(read, log([29, 28, 27], 27)))).toEqual([29, 28, 27])
  // What is not in the list any more, since it was filtered, goes.
  expect(ids(refreshed(read, log([9, 7, 6], 6)))).toEqual([9, 7, 6, 5, 4])
  expect(ids(refreshed(read, log([9, 8], null)))).toEqual([9, 8])
  expect(ids(refreshed(log([], null), log([3, 2], 2)))).toEqual([3, 2])
  expect(ids(continued(log([3, 2], 2), log([2, 1], null)))).toEqual([3, 2, 1])
})
