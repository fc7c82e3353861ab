import { createPinia, disposePinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { useKeyboard } from './keys'

let pinia: ReturnType<typeof createPinia>
let keyboard: ReturnType<typeof useKeyboard>
const done: string[] = []

beforeEach(() => {
  setActivePinia((pinia = createPinia()))
  done.length = 0
  keyboard = useKeyboard()
  keyboard.add([
    { keys: 's', where: 'conversation', label: 'snooze', opensField: true, act: () => done.push('s') },
    { keys: 't', where: 'conversation', label: 'team', act: () => done.push('t') },
  ])
  document.body.innerHTML = '<form><input id="field"></form><div role="dialog"><button id="other"></button></div>'
})
afterEach(() => {
  vi.useRealTimers()
  disposePinia(pinia)
})

const field = () => document.querySelector<HTMLInputElement>('#field')!
const press = (...keys: string[]) => keys.forEach((key) => (document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true })))

test('what is written before the field is there is in the field, with its Enter', async () => {
  const sent = new Promise<string>((resolve) => field().form!.addEventListener('submit', (e) => (e.preventDefault(), resolve(field().value))))
  press('s', 't', 'o', 'x', 'Backspace', 'm', 'Enter')
  expect(done).toEqual(['s'])
  field().focus()
  expect(await sent).toBe('tom')
  field().blur()
  press('t')
  expect(done).toEqual(['s', 't'])
})

test('a field that does not come has no keys: after Escape, after a time, and in a dialog without one', () => {
  vi.useFakeTimers()
  press('s', 'Escape', 't')
  expect(done).toEqual(['s', 't'])
  press('s', 't')
  vi.advanceTimersByTime(5_000)
  press('t')
  expect(done).toEqual(['s', 't', 's', 't'])
  press('s')
  document.querySelector<HTMLButtonElement>('#other')!.focus()
  const enter = new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true })
  document.activeElement!.dispatchEvent(enter)
  expect(enter.defaultPrevented).toBe(false)
})
