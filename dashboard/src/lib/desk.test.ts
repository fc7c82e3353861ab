import { expect, test } from 'vitest'
import { keyName } from './keys'
import { fileName, safeLink } from './links'
import { fromWhatsApp } from './whatsapp'
import { moments, parseMoment } from './snooze'
import { ago, dayName } from './time'

const press = (key: string, more: object = {}) => keyName({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, isComposing: false, ...more })

test('keys are called by what they write', () => {
  expect(press('j')).toBe('j')
  expect(press('J', { shiftKey: true })).toBe('Shift+J')
  expect(press('?', { shiftKey: true })).toBe('?')
  expect(press('k', { ctrlKey: true })).toBe('mod+K')
  expect(press('K', { metaKey: true })).toBe('mod+K')
  expect(press('Enter', { shiftKey: true })).toBe('Shift+Enter')
  // Letters of Polish keyboards come with AltGr; input methods compose.
  expect(press('ł', { altKey: true })).toBeNull()
  expect(press('a', { isComposing: true })).toBeNull()
  expect(press('Dead')).toBeNull()
})

test('moments are understood as people type them', () => {
  const now = new Date(2025, 5, 11, 10, 30) // a Wednesday
  const says = (text: string, locale?: string) => {
    const d = parseMoment(text, now, locale)
    return d && [d.getFullYear(), d.getMonth() + 1, d.getDate(), d.getHours(), d.getMinutes()].join(' ')
  }
  expect(says('fri 9')).toBe('2025 6 13 9 0')
  expect(says('fri')).toBe('2025 6 13 9 0')
  expect(says('wed 9')).toBe('2025 6 18 9 0')
  expect(says('wed 18:15')).toBe('2025 6 11 18 15')
  expect(says('tomorrow 14:30')).toBe('2025 6 12 14 30')
  expect(says('tomorrow')).toBe('2025 6 12 9 0')
  expect(says('morgen 8', 'de')).toBe('2025 6 12 8 0')
  expect(says('fr 9', 'de')).toBe('2025 6 13 9 0')
  expect(says('3h')).toBe('2025 6 11 13 30')
  expect(says('2d')).toBe('2025 6 13 10 30')
  expect(says('5pm')).toBe('2025 6 11 17 0')
  expect(says('8am')).toBe('2025 6 12 8 0')
  expect(says('24.12.')).toBe('2025 12 24 9 0')
  expect(says('2.1. 8')).toBe('2026 1 2 8 0')
  expect(says('2025-07-01 12:00')).toBe('2025 7 1 12 0')
  for (const nonsense of ['', 'soon', '25:00', '2020-01-01']) expect(says(nonsense), nonsense).toBeNull()
  for (const m of moments(now)) expect(m.at.getTime()).toBeGreaterThan(now.getTime())
})

test('how long ago', () => {
  const now = Date.UTC(2025, 5, 11, 12)
  expect(ago(now - 30_000, now, 'en')).toBe('now')
  expect(ago(now - 5 * 60_000, now, 'en')).toBe('5m')
  expect(ago(now - 3 * 3_600_000, now, 'en')).toBe('3h')
  expect(ago(now - 2 * 86_400_000, now, 'en')).toBe('2d')
  expect(ago(now - 40 * 86_400_000, now, 'en')).toBe('May 2')
  expect(ago(now + 5_000, now, 'en')).toBe('now')
  expect(dayName(now, now, 'en')).toBe('today')
  expect(dayName(now - 86_400_000, now, 'en')).toBe('yesterday')
})

test('what WhatsApp marks is marked here', () => {
  expect(fromWhatsApp('*bold* and ~gone~ and _it_')).toBe('**bold** and ~~gone~~ and _it_')
  expect(fromWhatsApp('3 * 4 * 5, a*b*c, **kept**')).toBe('3 * 4 * 5, a*b*c, **kept**')
  expect(fromWhatsApp('(*a b*)!')).toBe('(**a b**)!')
})

test('only addresses that lead somewhere are opened', () => {
  for (const good of ['https://a.example/x', 'http://a', 'blob:http://a/1', '/rails/active_storage/x']) expect(safeLink(good)).toBe(good)
  for (const bad of ['javascript:alert(1)', 'JAVASCRIPT:x', ' javascript:x', 'data:text/html,x', '//elsewhere.example', 'vbscript:x', '', null, undefined]) expect(safeLink(bad), String(bad)).toBeUndefined()
  expect(fileName('https://a/b/my%20file.png?x=1')).toBe('my file.png')
  expect(fileName('https://a/b/100%')).toBe('100%')
  expect(fileName('')).toBe('')
})
