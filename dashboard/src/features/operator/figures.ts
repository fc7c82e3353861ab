/** How numbers, times and lines of numbers are shown. Pure. */

const steps: readonly [unit: 'day' | 'hour' | 'minute' | 'second', seconds: number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
]

/** A duration in the unit in which it has one or two digits: "480 ms", "7.2 s", "12 min", "3 h". */
export function duration(seconds: number, locale: string): string {
  if (seconds > 0 && seconds < 1) return unit(Math.round(seconds * 1000), 'millisecond', locale)
  const [name, size] = steps.find(([u, s]) => seconds >= (u === 'second' ? 0 : 2 * s)) ?? ['second', 1]
  const value = seconds / size
  return unit(value < 10 ? Math.round(value * 10) / 10 : Math.round(value), name, locale)
}

function unit(value: number, name: string, locale: string): string {
  return new Intl.NumberFormat(locale, { style: 'unit', unit: name, unitDisplay: 'short' }).format(value)
}

/** How long ago something was, or how soon it will be: "4 minutes ago", "in 2 hours". */
export function distance(at: string, now: number, locale: string): string {
  const seconds = (Date.parse(at) - now) / 1000
  const [name, size] = steps.find(([, s]) => Math.abs(seconds) >= s) ?? ['second', 1]
  return new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(Math.trunc(seconds / size), name)
}

/** A number with few digits: 0.25, 3.1, 120. */
export function amount(value: number, locale: string): string {
  return new Intl.NumberFormat(locale, { maximumFractionDigits: value < 10 ? 2 : 0 }).format(value)
}

export function bytes(value: number, locale: string): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const
  const n = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(value, 1)) / 3)))
  return unit(Math.round((value / 1000 ** n) * 10) / 10, units[n] ?? 'byte', locale)
}

/** The path of a line of numbers in a box, from left to right; where a number is unknown, there is a gap. */
export function sparkline(values: readonly (number | null)[], width: number, height: number): string {
  const known = values.filter((v): v is number => v !== null)
  const most = Math.max(...known, 0)
  const step = values.length > 1 ? width / (values.length - 1) : 0
  let path = ''
  let drawing = false
  values.forEach((v, i) => {
    if (v === null) {
      drawing = false
      return
    }
    const x = Math.round(i * step * 10) / 10
    const y = Math.round((most > 0 ? height - (v / most) * height : height) * 10) / 10
    // A number between two unknown ones is a dot.
    path += drawing ? `L${x} ${y}` : `M${x} ${y}h0.1`
    drawing = true
  })
  return path
}

/** The lowest, the highest and the last of the numbers that are known; null when none is. */
export function range(values: readonly (number | null)[]): { low: number; high: number; last: number } | null {
  const known = values.filter((v): v is number => v !== null)
  const last = known[known.length - 1]
  return last === undefined ? null : { low: Math.min(...known), high: Math.max(...known), last }
}

/** Text of JSON for people; what is none stays as it is. */
export function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}

/** A number of an address; null when it is none. */
export function numberOf(value: unknown): number | null {
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : null
}

/** The page that an address names, from 1. */
export const pageOf = (value: unknown): number => Math.max(1, numberOf(value) ?? 1)

/** A text of an address. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
