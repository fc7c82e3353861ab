import { expect, test } from 'vitest'
import type { Contact } from './calls'
import { cellText, nameOf, nextSort, patched, placeOf } from './contact'
import { mergeLines } from './merge'

const contact = (more: Partial<Contact> = {}): Contact => ({
  id: 1,
  name: '',
  email: null,
  phone_number: null,
  identifier: null,
  blocked: false,
  thumbnail: '',
  availability_status: 'offline',
  created_at: 1_700_000_000,
  additional_attributes: {},
  custom_attributes: {},
  ...more,
})

test('a contact without a name is called by what is known', () => {
  expect(nameOf(contact({ name: 'Ana', email: 'a@x.org' }))).toBe('Ana')
  expect(nameOf(contact({ email: 'a@x.org' }))).toBe('a@x.org')
  expect(nameOf(contact({ identifier: '77' }))).toBe('77')
  expect(placeOf(contact({ additional_attributes: { city: 'Lyon', country: 7 } }))).toBe('Lyon')
})

test('headings turn the order round, moments begin with the latest', () => {
  expect(nextSort('-last_activity_at', 'name')).toBe('name')
  expect(nextSort('name', 'name')).toBe('-name')
  expect(nextSort('-name', 'name')).toBe('name')
  expect(nextSort('name', 'created_at')).toBe('-created_at')
})

test('cells show custom attributes by their type', () => {
  const c = contact({ custom_attributes: { since: '2024-03-01T00:00:00Z', seats: 1200 }, additional_attributes: { company: 'Imported' } })
  const definitions = [
    { attribute_key: 'since', attribute_display_type: 'date' },
    { attribute_key: 'seats', attribute_display_type: 'number' },
  ]
  expect(cellText(c, 'custom:since', definitions, 'en')).toBe('Mar 1, 2024')
  expect(cellText(c, 'custom:seats', definitions, 'en')).toBe('1,200')
  expect(cellText(c, 'company', [], 'en')).toBe('Imported')
  expect(cellText(c, 'last_activity_at', [], 'en')).toBe('')
})

test('an event changes its row and leaves what it does not know', () => {
  const rows = [contact({ id: 1, name: 'A', last_activity_at: 5 }), contact({ id: 2, name: 'B' })]
  const after = patched(rows, { id: 1, name: 'AA', type: 'contact', account_id: 9 } as never)
  expect(after[0]).toEqual({ ...rows[0], name: 'AA' })
  expect(after[1]).toBe(rows[1])
  expect(patched(rows, { id: 3, name: 'x' })).toBe(rows)
})

test('in a merge the base wins, key by key, and what is lost is named', () => {
  const base = contact({
    name: 'Ana',
    email: 'ana@x.org',
    additional_attributes: { city: '', social_profiles: { twitter: 'ana' }, company_name: 'Acme' },
    custom_attributes: { plan: 'pro' },
  })
  const other = contact({
    id: 2,
    name: 'A. Berg',
    phone_number: '+4912345',
    additional_attributes: { city: 'Lyon', social_profiles: { twitter: 'berg', github: 'b' }, company_name: 'Acme' },
    custom_attributes: { plan: 'free', seats: 3 },
  })
  const lines = Object.fromEntries(mergeLines(base, other).map((l) => [l.field, l]))
  expect(lines.name).toMatchObject({ result: 'Ana', lost: true })
  expect(lines.email).toMatchObject({ result: 'ana@x.org', lost: false })
  expect(lines.phone_number).toMatchObject({ result: '+4912345', lost: false })
  expect(lines.identifier).toBeUndefined()
  expect(lines['additional_attributes.city']).toMatchObject({ result: '', lost: true })
  expect(lines['additional_attributes.social_profiles.twitter']).toMatchObject({ result: 'ana', lost: true })
  expect(lines['additional_attributes.social_profiles.github']).toMatchObject({ result: 'b', lost: false })
  expect(lines['additional_attributes.company_name']).toMatchObject({ lost: false })
  expect(lines['custom_attributes.plan']).toMatchObject({ result: 'pro', lost: true })
  expect(lines['custom_attributes.seats']).toMatchObject({ result: 3, lost: false })
})
