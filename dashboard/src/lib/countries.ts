import { tagOf } from './locale'

const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ']
// Codes that browsers name, but that are no country.
const none = new Set(['EU', 'EZ', 'QO', 'UN', 'XA', 'XB', 'ZZ'])

/** The countries by the codes that browsers know (ISO 3166), by their names in a language. */
export function countries(locale: string): { code: string; name: string }[] {
  const names = new Intl.DisplayNames([tagOf(locale)], { type: 'region', fallback: 'none' })
  return letters
    .flatMap((a) => letters.map((b) => a + b))
    .filter((code) => !none.has(code) && Intl.getCanonicalLocales(`und-${code}`)[0] === `und-${code}`)
    .map((code) => ({ code, name: names.of(code) ?? '' }))
    .filter((c) => c.name !== '')
    .sort((a, b) => a.name.localeCompare(b.name, tagOf(locale)))
}
