import { expect, test } from 'vitest'
import type { Schema } from '@/api/client'
import { switchedOff } from './switchedOff'

const entry = (id: number, user: number | null, changes: Record<string, unknown>, at: number, of: Partial<Schema<'Audit'>> = {}) =>
  ({ auditable_type: 'AutomationRule', auditable_id: id, action: 'update', user_id: user, audited_changes: changes, created_at: at, ...of }) as Schema<'Audit'>

test('rules that the server switched off are told from those that somebody did', () => {
  const off = [true, false]
  const found = switchedOff([
    entry(1, null, { active: off }, 50),
    entry(2, 7, { active: off }, 40), // by somebody
    entry(3, 7, { active: [false, true] }, 30), // on again
    entry(3, null, { active: off }, 20),
    entry(4, 7, { name: ['a', 'b'] }, 15), // says nothing of it
    entry(4, null, { active: off }, 10),
    entry(5, null, { active: off }, 5, { auditable_type: 'Macro' }),
    entry(6, null, { active: false }, 4, { action: 'create' }),
  ])
  expect([...found]).toEqual([[1, 50], [4, 10]])
})
