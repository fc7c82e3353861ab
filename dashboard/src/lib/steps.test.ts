import { expect, test } from 'vitest'
import { moved, namesOf, newStep, problemOfStep, readSteps, withAction, writeSteps, type Action } from './steps'

const sent: Action[] = [
  { action_name: 'assign_agent', action_params: ['self'] },
  { action_name: 'assign_agent', action_params: [3] },
  { action_name: 'assign_team', action_params: ['nil'] },
  { action_name: 'remove_assigned_team', action_params: [] },
  { action_name: 'add_label', action_params: ['vip', '2024'] },
  { action_name: 'send_message', action_params: ['Hello, {{contact.name}}'] },
  { action_name: 'send_attachment', action_params: [7, 8] },
  { action_name: 'send_email_to_team', action_params: [{ team_ids: [1, 2], message: 'Look' }] },
  { action_name: 'send_email_transcript', action_params: ['a@example.com, {{contact.email}}'] },
  { action_name: 'send_webhook_event', action_params: ['https://example.com/x'] },
  { action_name: 'change_status', action_params: ['snoozed'] },
  { action_name: 'change_priority', action_params: ['nil'] },
  { action_name: 'add_sla', action_params: [4] },
]

test('steps survive being read and written', () => {
  const steps = readSteps(sent)
  expect(writeSteps(steps).map((a, i) => (a.action_name === 'add_label' ? { ...a, action_params: sent[i]!.action_params } : a))).toEqual(sent)
  // Titles stay texts, even when they look like numbers.
  expect(writeSteps(steps)[4]?.action_params).toEqual(['vip', '2024'])
  expect(steps.every((s) => problemOfStep(s) === null)).toBe(true)
  expect(readSteps([{ action_name: 'assign_team', action_params: [] }])[0]?.values).toEqual(['nil'])
})

test('what a step lacks is said', () => {
  const step = (name: string, of: object = {}) => problemOfStep({ ...newStep(name), ...of })
  expect(step('add_label')).toBe('choose')
  expect(step('send_message', { text: '  ' })).toBe('write')
  expect(step('send_attachment')).toBe('file')
  expect(step('send_email_to_team', { values: ['1'] })).toBe('write')
  expect(step('send_email_transcript', { text: 'a@example.com, b' })).toBe('mail')
  expect(step('send_webhook_event', { text: 'ftp://example.com' })).toBe('address')
  expect(step('resolve_conversation')).toBeNull()
})

test('places have their own actions', () => {
  expect(namesOf('macro')).toContain('remove_assigned_team')
  expect(namesOf('macro')).not.toContain('send_email_to_team')
  expect(namesOf('rule')).toContain('open_conversation')
})

test('steps are moved and changed', () => {
  expect(moved(['a', 'b', 'c'], 0, 2)).toEqual(['b', 'c', 'a'])
  expect(moved(['a', 'b', 'c'], 2, 0)).toEqual(['c', 'a', 'b'])
  const note = withAction({ ...newStep('send_message'), text: 'Hi' }, 'add_private_note')
  expect(note).toMatchObject({ name: 'add_private_note', text: 'Hi' })
  expect(withAction(note, 'add_label')).toMatchObject({ id: note.id, values: [], text: '' })
})
