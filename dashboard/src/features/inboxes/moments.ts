import { useI18n } from 'vue-i18n'

/** How long ago, in one unit. */
export function ago(at: number, now: number): { unit: 'now' | 'minutes' | 'hours' | 'days'; n: number } {
  const s = Math.max(0, Math.floor((now - at) / 1000))
  if (s < 60) return { unit: 'now', n: 0 }
  if (s < 3600) return { unit: 'minutes', n: Math.floor(s / 60) }
  if (s < 86_400) return { unit: 'hours', n: Math.floor(s / 3600) }
  return { unit: 'days', n: Math.floor(s / 86_400) }
}

/** Writes moments in the language that is shown. */
export function useMoments(): { full: (at: Date) => string } {
  const { locale } = useI18n()
  return { full: (at) => new Intl.DateTimeFormat(locale.value.replace('_', '-'), { dateStyle: 'medium', timeStyle: 'short' }).format(at) }
}
