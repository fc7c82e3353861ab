import { expect, test } from 'vitest'
import type { Schema } from '@/api/client'
import { bodyOf, codeOf } from './body'

const file = (id: number) => ({ id, signed_id: `signed-${id}`, filename: `${id}.png` }) as Schema<'CannedFile'>
const before = { id: 1, short_code: 'hello', content: 'Hi', attachments: [file(1), file(2)] } as unknown as Schema<'CannedResponse'>

test('only what changed is sent', () => {
  expect(bodyOf({ short_code: ' /hello', content: 'Hi there', kept: before.attachments, added: [] }, before)).toEqual({ canned_response: { content: 'Hi there' } })
  expect(bodyOf({ short_code: 'hey', content: 'Hi', kept: [file(2)], added: [] }, before)).toEqual({ canned_response: { short_code: 'hey', attachments: ['signed-2'] } })
  expect(bodyOf({ short_code: 'hello', content: 'Hi', kept: [], added: [] }, before)).toEqual({ canned_response: { attachments: [] } })
  expect(bodyOf({ short_code: 'new', content: 'x', kept: [], added: [] }, null)).toEqual({ canned_response: { short_code: 'new', content: 'x' } })
})

test('new files go along with those that stay', () => {
  const form = bodyOf({ short_code: 'hello', content: 'Hi', kept: [file(2)], added: [new File(['x'], 'new.txt')] }, before) as FormData
  const sent = form.getAll('canned_response[attachments][]')
  expect(sent[0]).toBe('signed-2')
  expect((sent[1] as File).name).toBe('new.txt')
  expect(form.get('canned_response[short_code]')).toBe('hello')
})

test('a short code has no slash', () => {
  expect(codeOf(' //greet ')).toBe('greet')
})
