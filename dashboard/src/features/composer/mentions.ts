/** Pure: people and teams that a note names. They stand as "@Name" while one writes, and as links when it is sent. */

export interface Mentionable {
  kind: 'user' | 'team'
  id: number
  name: string
  avatar?: string
}

interface Found {
  at: number
  who: Mentionable
}

const letter = /[\p{L}\p{N}_]/u

/** Where the text names somebody. Of two with one name the chosen one is meant. */
function find(text: string, list: readonly Mentionable[], chosen: readonly Mentionable[]): Found[] {
  const byLength = [...chosen, ...list].filter((m) => m.name.trim() !== '').sort((a, b) => b.name.length - a.name.length)
  const found: Found[] = []
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    if (at > 0 && (letter.test(text[at - 1] ?? '') || text[at - 1] === '[')) continue
    const who = byLength.find((m) => text.startsWith(m.name, at + 1) && !letter.test(text[at + 1 + m.name.length] ?? ''))
    if (who) found.push({ at, who })
  }
  return found
}

/** Who is told, each once. */
export function mentioned(text: string, list: readonly Mentionable[], chosen: readonly Mentionable[] = []): Mentionable[] {
  const all = find(text, list, chosen).map((f) => f.who)
  return all.filter((m, i) => all.findIndex((x) => x.kind === m.kind && x.id === m.id) === i)
}

/** The note as the server wants it. */
export function withLinks(text: string, list: readonly Mentionable[], chosen: readonly Mentionable[] = []): string {
  let out = ''
  let done = 0
  for (const { at, who } of find(text, list, chosen)) {
    out += `${text.slice(done, at)}[@${who.name.replace(/[[\]]/g, '')}](mention://${who.kind}/${who.id}/${encodeURIComponent(who.name)})`
    done = at + 1 + who.name.length
  }
  return out + text.slice(done)
}
