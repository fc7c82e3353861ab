import { mount } from '@vue/test-utils'
import { afterEach, beforeAll, expect, test, vi } from 'vitest'
import { h } from 'vue'
import { i18n } from '@/app/i18n'
import { readOpeners } from './lazy'
import UiMenu from './UiMenu.vue'
import UiPick from './UiPick.vue'

beforeAll(readOpeners)
afterEach(() => (document.body.innerHTML = ''))


test('a menu is made when it is first opened, and says before that it is one', async () => {
  const done: string[] = []
  const w = mount(UiMenu, { props: { items: [{ label: 'Delete', act: () => done.push('deleted') }] }, slots: { default: () => h('button', { type: 'button' }, 'More') }, global: { plugins: [i18n] }, attachTo: document.body })
  const button = w.get('button')
  expect(button.attributes()).toMatchObject({ 'aria-haspopup': 'menu', 'aria-expanded': 'false' })
  expect(document.querySelector('[role=menu]')).toBeNull()
  await button.trigger('click')
  await vi.waitFor(() => expect(w.get('button').attributes('aria-expanded')).toBe('true'))
  expect(document.querySelector('[role=menuitem]')?.textContent).toContain('Delete')
  w.unmount()
})

test('a key opens a menu at its first action, and the button keeps the focus for later', async () => {
  const w = mount(UiMenu, { props: { items: [{ label: 'Delete', act: () => undefined }] }, slots: { default: () => h('button', { type: 'button' }, 'More') }, global: { plugins: [i18n] }, attachTo: document.body })
  w.get('button').element.focus()
  await w.get('button').trigger('keydown', { key: 'ArrowDown' })
  await vi.waitFor(() => expect(document.activeElement?.getAttribute('role')).toBe('menuitem'))
  document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }))
  await vi.waitFor(() => expect(document.activeElement).toBe(w.get('button').element))
  w.unmount()
})

test('a list to choose from opens by its button and by its owner', async () => {
  const choices = [{ value: 1, label: 'Ann' }]
  const open = (props: object) => mount(UiPick, { props: { label: 'Assign', choices, chosen: 0, ...props } as never, slots: { default: () => h('button', { type: 'button' }, 'Assign') }, global: { plugins: [i18n] }, attachTo: document.body })
  const byButton = open({})
  await byButton.get('button').trigger('click')
  await vi.waitFor(() => expect(document.querySelectorAll('[role=option]')).toHaveLength(1))
  byButton.unmount()
  const byOwner = open({ open: false, anchored: true })
  expect(byOwner.find('button').exists()).toBe(false)
  await byOwner.setProps({ open: true } as never)
  await vi.waitFor(() => expect(document.querySelectorAll('[role=option]')).toHaveLength(1))
  byOwner.unmount()
})
