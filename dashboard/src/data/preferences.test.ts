import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { nextTick } from 'vue'
import type { User } from '@/api/types'
import { useIdentity } from './identity'
import { preferencesOf, usePreferences } from './preferences'

beforeEach(() => setActivePinia(createPinia()))
afterEach(() => vi.unstubAllGlobals())

test('what nobody chose is usual, what makes no sense too', () => {
  const usual = preferencesOf({})
  expect(usual).toMatchObject({ fontScale: 100, density: 'comfortable', sendKey: 'enter', afterResolve: 'next', shortcuts: 'standard', sounds: 'none', tone: 'ding', soundAlways: false })
  expect(preferencesOf({ font_scale: 900, density: 7, editor_message_key: 'x', notification_tone: null, contact_columns: 'email' })).toEqual(usual)
})

test('what Chatwoot stored is understood', () => {
  expect(preferencesOf({ editor_message_key: 'cmd_enter', enable_audio_alerts: 'mine', always_play_audio_alert: true })).toMatchObject({
    sendKey: 'cmd_enter',
    sounds: 'mine',
    soundAlways: true,
  })
  expect(preferencesOf({ enable_audio_alerts: 'mine+unassigned' }).sounds).toBe('all')
  expect(preferencesOf({ enable_audio_alerts: 'assigned' }).sounds).toBe('mine')
})

test('a change is seen at once, merged with what the server has, and undone when refused', async () => {
  const identity = useIdentity()
  const user = { id: 1, ui_settings: { locale: 'de' } } as unknown as User
  identity.set(user)
  const sent: unknown[] = []
  vi.stubGlobal('fetch', (_: string, init: RequestInit) => {
    if (init.method === 'GET') return Promise.resolve(Response.json({ ...user, ui_settings: { locale: 'fr', other: 1 } }))
    const body = JSON.parse(String(init.body)) as { profile: { ui_settings: object } }
    sent.push(body.profile.ui_settings)
    return Promise.resolve(sent.length > 1 ? new Response('{}', { status: 422 }) : Response.json({ ...user, ...body.profile }))
  })
  const preferences = usePreferences()
  const done = preferences.change({ fontScale: 120 })
  await nextTick()
  expect(document.documentElement.style.fontSize).toBe('120%')
  await done
  expect(sent[0]).toEqual({ locale: 'fr', other: 1, font_scale: 120 })
  await expect(preferences.change({ density: 'compact' })).rejects.toThrow()
  expect(preferences.values).toMatchObject({ fontScale: 120, density: 'comfortable' })
})
