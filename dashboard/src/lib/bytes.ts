/** A size as people read it, in thousands of bytes. */
export function bytesText(n: number, locale: string): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const
  const step = Math.min(units.length - 1, n < 1000 ? 0 : Math.floor(Math.log10(n) / 3))
  return new Intl.NumberFormat(locale, { style: 'unit', unit: units[step]!, unitDisplay: step ? 'short' : 'long', maximumFractionDigits: step ? 1 : 0 }).format(n / 1000 ** step)
}
