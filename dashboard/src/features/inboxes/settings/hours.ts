import type { Schema } from '@/api/client'

export type WorkingHour = Schema<'WorkingHour'>

/** A day as people choose it. */
export interface Day {
  day: number
  mode: 'closed' | 'hours' | 'allDay'
  open: string // HH:MM
  close: string
}

const two = (n: number | null) => String(n ?? 0).padStart(2, '0')

export function dayOf(h: WorkingHour): Day {
  const hasHours = h.open_hour !== null && h.close_hour !== null && !h.open_all_day
  return {
    day: h.day_of_week,
    mode: h.closed_all_day ? 'closed' : h.open_all_day ? 'allDay' : 'hours',
    open: hasHours ? `${two(h.open_hour)}:${two(h.open_minutes)}` : '09:00',
    close: hasHours ? `${two(h.close_hour)}:${two(h.close_minutes)}` : '17:00',
  }
}

export function hourOf(d: Day): WorkingHour {
  if (d.mode === 'closed') {
    return { day_of_week: d.day, closed_all_day: true, open_all_day: false, open_hour: null, open_minutes: null, close_hour: null, close_minutes: null }
  }
  const [open, close] = d.mode === 'allDay' ? ['00:00', '23:59'] : [d.open, d.close]
  const part = (text: string, i: 0 | 1) => Number(text.split(':')[i])
  return {
    day_of_week: d.day, closed_all_day: false, open_all_day: d.mode === 'allDay',
    open_hour: part(open, 0), open_minutes: part(open, 1), close_hour: part(close, 0), close_minutes: part(close, 1),
  }
}

/** What is wrong with a day: the server would leave it out without a word. */
export function faultOf(d: Day): 'missing' | 'order' | null {
  if (d.mode !== 'hours') return null
  const time = /^([01]\d|2[0-3]):[0-5]\d$/
  if (!time.test(d.open) || !time.test(d.close)) return 'missing'
  return d.close > d.open ? null : 'order'
}

/** Days of which the server stored something else than was sent. */
export function notStored(sent: readonly WorkingHour[], stored: readonly WorkingHour[]): number[] {
  const text = (h: WorkingHour | undefined) => h && JSON.stringify(h.closed_all_day ? 'closed' : [h.open_hour, h.open_minutes, h.close_hour, h.close_minutes, h.open_all_day])
  return sent.filter((h) => text(h) !== text(stored.find((s) => s.day_of_week === h.day_of_week))).map((h) => h.day_of_week)
}
