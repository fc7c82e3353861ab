import { expect, test } from 'vitest'
import { directionOf, localeCodes, pickLocale } from './locale'
import { initials } from './names'
import { passwordOk, passwordRules } from './password'
import { clock, windowEnd } from './throttle'

test('password rules', () => {
  expect(passwordOk('Aa1!aa')).toBe(true)
  for (const [password, rule] of [
    ['Aa1!a', 'length'],
    ['Aa1!' + 'a'.repeat(125), 'length'],
    ['aa1!aa', 'upper'],
    ['AA1!AA', 'lower'],
    ['Aaa!aa', 'number'],
    ['Aa1aaa', 'special'],
    ['Aa1!aä', 'allowed'],
    ['Aa1!a😀', 'allowed'],
  ] as const) {
    const broken = Object.entries(passwordRules(password)).filter(([, kept]) => !kept)
    expect(broken.map(([r]) => r), password).toEqual([rule])
  }
  for (const c of ` !@#$%^&*()_+-=[]{}|"/\\.,\`<>:;?~'`) expect(passwordOk(`Aa1aaa${c}`), c).toBe(true)
})

test('waits end with the server’s window', () => {
  expect(windowEnd(0, 300_000)).toBe(300_000)
  expect(windowEnd(299_999, 300_000)).toBe(300_000)
  expect(windowEnd(300_000, 300_000)).toBe(600_000)
  expect(clock(61_000)).toBe('1:01')
  expect(clock(400)).toBe('0:01')
  expect(clock(-5)).toBe('0:00')
})

test('locales', () => {
  const have = ['en', 'de', 'pt_BR', 'ar']
  expect(pickLocale(['de-AT', 'en'], have)).toBe('de')
  expect(pickLocale(['pt', 'en'], have)).toBe('pt_BR')
  expect(pickLocale(['pt-br'], have)).toBe('pt_BR')
  expect(pickLocale([null, 'xx', undefined, 'ar'], have)).toBe('ar')
  expect(pickLocale([], have)).toBe('en')
  expect(localeCodes).toHaveLength(39)
  expect(['ar', 'fa', 'he', 'en', 'fi'].map(directionOf)).toEqual(['rtl', 'rtl', 'rtl', 'ltr', 'ltr'])
})

test('initials', () => {
  expect(initials('Ada Lovelace')).toBe('AL')
  expect(initials('  bo ')).toBe('B')
  expect(initials('')).toBe('?')
  expect(initials('😀 x y')).toBe('😀Y')
})
