import { tagOf } from './locale'

/** A moment as people read it; iso text or seconds since 1970. */
export function whenText(at: string | number | null | undefined, locale: string, timeStyle: 'short' | 'medium' = 'short'): string {
  if (!at) return ''
  return new Date(typeof at === 'number' ? at * 1000 : at).toLocaleString(tagOf(locale), { dateStyle: 'medium', timeStyle })
}
