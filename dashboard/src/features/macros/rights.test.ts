import { expect, test } from 'vitest'
import type { Schema } from '@/api/client'
import { mayDelete, mayEdit } from './rights'

const by = (id: number) => ({ id }) as Schema<'Agent'>

test('who may change a macro', () => {
  const own = { visibility: 'personal', created_by: by(1) }
  const global = { visibility: 'global', created_by: by(1) }
  const orphan = { visibility: 'global' }
  const author = { id: 1, admin: false }
  const agent = { id: 2, admin: false }
  const admin = { id: 3, admin: true }
  expect([own, global, orphan].map((m) => mayEdit(m, author))).toEqual([true, true, false])
  expect([own, global, orphan].map((m) => mayEdit(m, agent))).toEqual([false, false, false])
  expect([own, global, orphan].map((m) => mayEdit(m, admin))).toEqual([false, true, true])
  expect([own, global, orphan].map((m) => mayDelete(m, author))).toEqual([true, true, false])
  expect([own, global, orphan].map((m) => mayDelete(m, admin))).toEqual([false, false, true])
  expect(mayEdit(orphan, { id: undefined, admin: false })).toBe(false)
})
