/** Understands a moment that somebody types: "fri 9", "tomorrow 14:30", "3h", "2d", "24.12.". English and the days of the locale. */
export function parseMoment(text: string, now: Date, locale = 'en'): Date | null {
  const t = text.trim().toLocaleLowerCase()
  if (!t) return null
  const span = /^(\d{1,3})\s*(m|min|h|d|w)$/.exec(t)
  if (span) {
    const minutes = { m: 1, min: 1, h: 60, d: 1440, w: 10_080 }[span[2] as 'm' | 'min' | 'h' | 'd' | 'w']
    return new Date(now.getTime() + Number(span[1]) * minutes * 60_000)
  }
  const parts = t.split(/\s+/)
  const clock = parts.length > 1 || /^\d{1,2}(:\d{2})?\s?(am|pm)?$/.test(t) ? /^(\d{1,2})(?::(\d{2}))?\s?(am|pm)?$/.exec(parts.at(-1) ?? '') : null
  const day = clock ? parts.slice(0, -1).join(' ') : t
  const out = new Date(now)
  out.setSeconds(0, 0)
  if (clock) {
    let hour = Number(clock[1])
    if (clock[3] === 'pm' && hour < 12) hour += 12
    if (clock[3] === 'am' && hour === 12) hour = 0
    if (hour > 23) return null
    out.setHours(hour, Number(clock[2] ?? 0))
  } else out.setHours(9, 0)
  const words = (n: number) => {
    const d = new Date(2023, 0, 1 + n) // a Sunday
    return [locale, 'en'].flatMap((l) => (['long', 'short'] as const).map((weekday) => new Intl.DateTimeFormat(l, { weekday }).format(d).toLocaleLowerCase().replace('.', '')))
  }
  const relative = (n: number) => [locale, 'en'].map((l) => new Intl.RelativeTimeFormat(l, { numeric: 'auto' }).format(n, 'day').toLocaleLowerCase())
  if (day === '' || relative(0).includes(day)) {
    if (out <= now) out.setDate(out.getDate() + 1)
    return out
  }
  if (relative(1).some((w) => w === day || (day.length >= 3 && w.startsWith(day)))) {
    out.setDate(out.getDate() + 1)
    return out
  }
  const weekday = [0, 1, 2, 3, 4, 5, 6].find((n) => words(n).some((w) => w === day || (day.length >= 2 && w.startsWith(day))))
  if (weekday !== undefined) {
    const ahead = (weekday - out.getDay() + 7) % 7
    out.setDate(out.getDate() + (ahead === 0 && out <= now ? 7 : ahead))
    return out
  }
  const date = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(day) ?? /^(\d{1,2})[./](\d{1,2})[./]?$/.exec(day)
  if (!date) return null
  if (date.length === 4) out.setFullYear(Number(date[1]), Number(date[2]) - 1, Number(date[3]))
  else out.setMonth(Number(date[2]) - 1, Number(date[1]))
  if (out <= now && date.length === 3) out.setFullYear(out.getFullYear() + 1)
  return out > now ? out : null
}

/** The moments that are offered. */
export function moments(now: Date): { key: 'hour' | 'tomorrow' | 'week' | 'month'; at: Date }[] {
  const at = (days: number) => {
    const d = new Date(now)
    d.setDate(d.getDate() + days)
    d.setHours(9, 0, 0, 0)
    return d
  }
  const month = new Date(now.getFullYear(), now.getMonth() + 1, 1, 9)
  return [
    { key: 'hour', at: new Date(now.getTime() + 3_600_000) },
    { key: 'tomorrow', at: at(1) },
    { key: 'week', at: at(((8 - now.getDay()) % 7) || 7) },
    { key: 'month', at: month },
  ]
}
