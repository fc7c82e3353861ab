import { expect, test } from 'vitest'
import { namesOf, piecesOf } from './variables'

test('texts are split at their variables', () => {
  const values = { 'contact.name': 'Ann Example' }
  expect(piecesOf('Hi {{contact.name}}, {{ contact.email }}!', values)).toEqual([
    { kind: 'text', text: 'Hi ' },
    { kind: 'variable', name: 'contact.name', value: 'Ann Example' },
    { kind: 'text', text: ', ' },
    { kind: 'variable', name: 'contact.email', value: null },
    { kind: 'text', text: '!' },
  ])
  expect(piecesOf("{{ contact.name | append: '!' }}", values)).toEqual([{ kind: 'variable', name: 'contact.name', value: null }])
  expect(piecesOf('a `{{ contact.name }}` b', values)).toEqual([{ kind: 'text', text: 'a `{{ contact.name }}` b' }])
  expect(piecesOf('{{contact.nmae}} {{contact.custom_attribute.tier}}', values, ['contact.custom_attribute.tier'])).toEqual([
    { kind: 'unknown', name: 'contact.nmae' },
    { kind: 'text', text: ' ' },
    { kind: 'variable', name: 'contact.custom_attribute.tier', value: null },
  ])
  expect(piecesOf('', values)).toEqual([])
})

test('names are written as the server writes them', () => {
  expect(namesOf('  ann   VAN example ')).toEqual({ name: 'Ann Van Example', first: 'Ann', last: 'Example' })
  expect(namesOf('ann')).toEqual({ name: 'Ann', first: '', last: '' })
})
