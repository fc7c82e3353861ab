/** Pure: which files a message may carry. */

export const maxFiles = 15
export const maxBytes = 40 * 1024 * 1024

export interface Taken {
  files: File[]
  /** Why others were left out: too many, or each that is too big or empty by its name. */
  tooMany: boolean
  tooBig: string[]
  empty: string[]
}

export function takeFiles(held: readonly File[], more: readonly File[]): Taken {
  const tooBig = more.filter((f) => f.size > maxBytes).map((f) => f.name)
  const empty = more.filter((f) => f.size === 0).map((f) => f.name)
  const fit = more.filter((f) => f.size > 0 && f.size <= maxBytes)
  const room = Math.max(0, maxFiles - held.length)
  return { files: [...held, ...fit.slice(0, room)], tooMany: fit.length > room, tooBig, empty }
}

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte']

/** 1.4 MB, in the page's language. */
export function sizeOf(bytes: number, locale: string): string {
  const step = Math.min(units.length - 1, bytes > 0 ? Math.floor(Math.log10(bytes) / 3) : 0)
  return new Intl.NumberFormat(locale, { style: 'unit', unit: units[step] as string, maximumFractionDigits: step > 1 ? 1 : 0 }).format(bytes / 1000 ** step)
}
