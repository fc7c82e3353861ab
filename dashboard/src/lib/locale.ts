/** The locale codes that accounts know, in the order of their names. */
export const localeCodes = [
  'ar', 'bg', 'ca', 'cs', 'da', 'de', 'el', 'en', 'es', 'fa', 'fi', 'fr', 'he', 'hu', 'id', 'is', 'it', 'ja', 'ko', 'lt', 'lv', 'ml', 'nl',
  'no', 'pl', 'pt', 'pt_BR', 'ro', 'ru', 'sk', 'sr', 'sv', 'ta', 'th', 'tr', 'uk', 'vi', 'zh_CN', 'zh_TW',
] as const

/** The tag that browsers know for a code. */
export function tagOf(code: string): string {
  return code.replace('_', '-')
}

/** Languages are read from right to left. */
export function directionOf(code: string): 'rtl' | 'ltr' {
  return /^(ar|fa|he)\b/.test(tagOf(code)) ? 'rtl' : 'ltr'
}

/** A language in its own words. */
export function localeName(code: string): string {
  try {
    const name = new Intl.DisplayNames([tagOf(code)], { type: 'language' }).of(tagOf(code)) ?? code
    return name.charAt(0).toLocaleUpperCase(tagOf(code)) + name.slice(1)
  } catch {
    return code
  }
}

/** The first of what is wanted that there is: exactly, else its language alone. */
export function pickLocale(wanted: readonly (string | null | undefined)[], available: readonly string[]): string {
  for (const w of wanted) {
    if (!w) continue
    const code = w.replace('-', '_').toLowerCase()
    const exact = available.find((a) => a.toLowerCase() === code)
    if (exact) return exact
    const language = code.split('_')[0] ?? ''
    const parent = available.find((a) => a === language) ?? available.find((a) => a.split('_')[0] === language)
    if (parent) return parent
  }
  return 'en'
}
