const steps: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
]

/** A moment (unix seconds) as people say it: the distance within a week, else the date. */
export function timeText(seconds: number, locale: string, now = Date.now() / 1000): string {
  const tag = locale.replace('_', '-')
  const past = seconds - now
  if (Math.abs(past) >= 7 * 86_400) return new Date(seconds * 1000).toLocaleDateString(tag, { dateStyle: 'medium' })
  const [unit, size] = steps.find(([, s]) => Math.abs(past) >= s) ?? ['minute', 60]
  return new Intl.RelativeTimeFormat(tag, { numeric: 'auto' }).format(Math.trunc(past / size), unit)
}

/** The exact moment, for a hint. */
export function exactTime(seconds: number, locale: string): string {
  return new Date(seconds * 1000).toLocaleString(locale.replace('_', '-'), { dateStyle: 'medium', timeStyle: 'short' })
}
