/**
 * Patterns of custom attributes are stored as a script writes them, between slashes and
 * with flags after them; older ones have no slashes.
 */
function partsOf(stored: string): [source: string, flags: string] {
  const last = stored.lastIndexOf('/')
  return stored.startsWith('/') && last > 0 ? [stored.slice(1, last), stored.slice(last + 1)] : [stored, '']
}

/** The pattern alone, as people edit it. */
export function patternText(stored: string | null): string {
  return stored ? partsOf(stored)[0].replaceAll('\\/', '/') : ''
}

/** The pattern to compare with; null when there is none, or it is none. */
export function regexOf(stored: string | null): RegExp | null {
  if (!stored) return null
  const [source, flags] = partsOf(stored)
  try {
    // What remembers its place would answer differently the second time.
    return new RegExp(source, flags.replace(/[gy]/g, ''))
  } catch {
    return null
  }
}

/** As it is stored; null without a pattern. Throws for what is none. */
export function storedPattern(text: string): string | null {
  return text === '' ? null : new RegExp(text).toString()
}
