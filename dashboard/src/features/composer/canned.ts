import type { CannedResponse } from '@/data/directory'

/** Ranked: the code itself, its beginning, its middle, then the content. */
export function rankCanned(list: readonly CannedResponse[], query: string): CannedResponse[] {
  const q = query.toLocaleLowerCase()
  const score = (c: CannedResponse) => {
    const code = c.short_code.toLocaleLowerCase()
    if (code === q) return 0
    if (code.startsWith(q)) return 1
    if (code.includes(q)) return 2
    return c.content.toLocaleLowerCase().includes(q) ? 3 : 4
  }
  return list
    .map((c) => ({ c, s: score(c) }))
    .filter((e) => e.s < 4)
    .sort((a, b) => a.s - b.s || a.c.short_code.localeCompare(b.c.short_code))
    .map((e) => e.c)
}
