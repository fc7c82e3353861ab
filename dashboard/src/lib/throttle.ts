/** Attempts are counted in windows that begin at multiples of the period. */
export const signInPeriod = 5 * 60_000

/** When the window ends in which the server said "too many", in ms since 1970. */
export function windowEnd(now: number, period: number): number {
  return (Math.floor(now / period) + 1) * period
}

/** 0:07, 4:59. */
export function clock(ms: number): string {
  const s = Math.max(0, Math.ceil(ms / 1000))
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}`
}
