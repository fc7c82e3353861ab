/** Which part of a long thread is drawn: enough for the eye, never all of it. */
export interface Range {
  start: number
  /** One past the last; the length of the thread: its end is followed. */
  end: number
}

/** Entries drawn at first, added at an edge, and at most. */
export const first = 60
export const step = 40
export const most = 160

export const atEnd = (length: number): Range => ({ start: Math.max(0, length - first), end: length })

export function up(r: Range): Range {
  const start = Math.max(0, r.start - step)
  return { start, end: Math.min(r.end, start + most) }
}

export function down(r: Range, length: number): Range {
  const end = Math.min(length, r.end + step)
  return { start: Math.max(r.start, end - most), end }
}

export function around(index: number, length: number): Range {
  const start = Math.max(0, index - step)
  return { start, end: Math.min(length, start + first + step) }
}

/** The thread grew, before what is drawn or behind it. */
export function grown(r: Range, before: number, length: number, followed: boolean): Range {
  const moved = { start: r.start + before, end: r.end + before }
  if (!followed) return { start: moved.start, end: Math.min(moved.end, length) }
  return { start: Math.max(moved.start, length - most), end: length }
}
