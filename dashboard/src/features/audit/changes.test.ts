import { expect, test } from 'vitest'
import { changesOf, keyOf, nameOf, namesIn, valueOf, type Audit } from './changes'

const entry = (of: Partial<Audit>) => ({ action: 'update', auditable: null, audited_changes: {}, ...of }) as Audit

test('what was changed is told from what to what', () => {
  expect(changesOf(entry({ audited_changes: { name: ['a', 'b'], description: [null, 'x'], same: [null, null] } }))).toEqual([
    { name: 'name', before: 'a', after: 'b' },
    { name: 'description', before: '', after: 'x' },
  ])
  expect(changesOf(entry({ action: 'create', audited_changes: { url: 'https://x', subscriptions: ['a', 'b'] } }))).toEqual([
    { name: 'url', before: '', after: 'https://x' },
    { name: 'subscriptions', before: '', after: '["a","b"]' },
  ])
  expect(changesOf(entry({ action: 'destroy', audited_changes: { name: 'a' } }))).toEqual([{ name: 'name', before: 'a', after: '' }])
})

test('secrets stay hidden', () => {
  expect(changesOf(entry({ audited_changes: { hmac_token: ['old', 'new'] } }))[0]).toEqual({ name: 'hmac_token', before: '•••', after: '•••' })
  expect(changesOf(entry({ action: 'create', audited_changes: { provider_config: { api_key: 'k', business_id: '1' } } }))[0]?.after).toBe('{"api_key":"•••","business_id":"1"}')
})

test('records are named', () => {
  expect(nameOf(entry({ auditable: { name: 'now' }, audited_changes: { name: ['a', 'b'] } }))).toBe('now')
  expect(nameOf(entry({ audited_changes: { name: ['a', 'b'] } }))).toBe('b')
  expect(nameOf(entry({ action: 'destroy', audited_changes: { url: 'https://x' } }))).toBe('https://x')
  expect(nameOf(entry({}))).toBe('')
  const made = entry({ action: 'create', auditable_type: 'Macro', auditable_id: 2, audited_changes: { name: 'old' } })
  const renamed = entry({ auditable_type: 'Macro', auditable_id: 2, audited_changes: { name: ['old', 'new'] } })
  const changed = entry({ auditable_type: 'Macro', auditable_id: 2, audited_changes: { actions: ['a', 'b'] } })
  expect(namesIn([changed, renamed, made]).get(keyOf(changed))).toBe('new')
  expect(valueOf(entry({ audited_changes: { user_id: 4 } }), 'user_id')).toBe('4')
})
