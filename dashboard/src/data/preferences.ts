import { defineStore } from 'pinia'
import { computed, watchEffect } from 'vue'
import * as profileAPI from '@/api/profile'
import { tones, type Tone } from '@/lib/tones'
import { useIdentity } from './identity'

/** How somebody wants the dashboard to behave, on every device. */
export interface Preferences {
  /** The size of text in per cent, 85 to 130. */
  fontScale: number
  density: 'comfortable' | 'compact'
  /** What sends a message; the other one of the two makes a line. */
  sendKey: 'enter' | 'cmd_enter'
  /** Where one is after a conversation was resolved. */
  afterResolve: 'next' | 'stay' | 'list'
  /** Which single keys act; "off" leaves those with Ctrl or Cmd. */
  shortcuts: 'standard' | 'chatwoot' | 'off'
  /** Which messages ring: none, those of one's own conversations, all that one sees. */
  sounds: 'none' | 'mine' | 'all'
  tone: Tone
  /** Also while the window is in front. */
  soundAlways: boolean
  /** The optional columns of the list of contacts, in their order. */
  contactColumns: readonly string[]
}

export const fontScales = [85, 90, 100, 110, 120, 130] as const

// The names under which ui_settings has them; where Chatwoot has the same, its name and its values.
const names: Readonly<Record<keyof Preferences, string>> = {
  fontScale: 'font_scale',
  density: 'density',
  sendKey: 'editor_message_key',
  afterResolve: 'after_resolve',
  shortcuts: 'shortcuts',
  sounds: 'enable_audio_alerts',
  tone: 'notification_tone',
  soundAlways: 'always_play_audio_alert',
  contactColumns: 'contact_columns',
}

function oneOf<T>(value: unknown, allowed: readonly T[], usual: T): T {
  return allowed.includes(value as T) ? (value as T) : usual
}

// Chatwoot joins several choices with "+".
function soundsOf(value: unknown): Preferences['sounds'] {
  const parts = typeof value === 'string' ? value.split('+') : [value]
  if (value === true || parts.includes('all') || parts.length > 1) return 'all'
  return parts.some((p) => p === 'mine' || p === 'assigned') ? 'mine' : 'none'
}

/** Reads settings that anybody may have written; what makes no sense is as if it were not there. */
export function preferencesOf(settings: Readonly<Record<string, unknown>>): Preferences {
  const s = (key: keyof Preferences) => settings[names[key]]
  const scale = Number(s('fontScale'))
  const columns = s('contactColumns')
  return {
    fontScale: scale >= 85 && scale <= 130 ? scale : 100,
    density: oneOf(s('density'), ['comfortable', 'compact'], 'comfortable'),
    sendKey: oneOf(s('sendKey'), ['enter', 'cmd_enter'], 'enter'),
    afterResolve: oneOf(s('afterResolve'), ['next', 'stay', 'list'], 'next'),
    shortcuts: oneOf(s('shortcuts'), ['standard', 'chatwoot', 'off'], 'standard'),
    sounds: soundsOf(s('sounds')),
    tone: oneOf(s('tone'), tones, 'ding'),
    soundAlways: s('soundAlways') === true,
    contactColumns: Array.isArray(columns) ? columns.filter((c) => typeof c === 'string') : ['email', 'phone_number', 'company', 'last_activity_at'],
  }
}

/** The preferences of who is signed in. */
export const usePreferences = defineStore('preferences', () => {
  const identity = useIdentity()
  const values = computed(() => preferencesOf(identity.user?.ui_settings ?? {}))

  /** Stores a change: at once here, then at the server; refused, it is as before. */
  async function change(wanted: Partial<Preferences>): Promise<void> {
    const before = identity.user
    const settings = Object.fromEntries(Object.entries(wanted).map(([key, value]) => [names[key as keyof Preferences], value]))
    if (before) identity.set({ ...before, ui_settings: { ...before.ui_settings, ...settings } })
    try {
      identity.set(await profileAPI.updateUISettings(settings))
    } catch (e) {
      if (before) identity.set(before)
      throw e
    }
  }

  // Everything is measured in the size of the root's text.
  watchEffect(() => {
    const { fontScale } = values.value
    document.documentElement.style.fontSize = fontScale === 100 ? '' : `${fontScale}%`
  })

  return { values, change }
})
