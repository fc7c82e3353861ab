/** Pure: what somebody is about to name while writing. */

export type TriggerKind = 'canned' | 'mention' | 'emoji' | 'variable'

export interface Trigger {
  kind: TriggerKind
  /** Where its first character stands. */
  from: number
  query: string
}

/** What the text before the cursor begins: "/" a canned response, "@" a person, ":" an emoji, "{{" a variable. */
export function triggerAt(text: string, caret: number, note: boolean): Trigger | null {
  const before = text.slice(0, caret)
  const variable = /\{\{\s*([\w.]*)$/.exec(before)
  if (variable) return { kind: 'variable', from: variable.index, query: variable[1] ?? '' }
  const canned = /(?:^|\s)\/([^\s/]*)$/u.exec(before)
  if (canned) return { kind: 'canned', from: caret - (canned[1] ?? '').length - 1, query: canned[1] ?? '' }
  const emoji = /(?:^|[\s(]):([a-z][a-z_ -]{1,20})$/iu.exec(before)
  if (emoji && !/ {2}| $/.test(emoji[1] ?? '')) return { kind: 'emoji', from: caret - (emoji[1] ?? '').length - 1, query: emoji[1] ?? '' }
  // Names have spaces: one is followed, the list decides whether anybody fits.
  const mention = note ? /(?:^|[\s(])@([^\s@]*(?: [^\s@]+)?)$/u.exec(before) : null
  if (mention) return { kind: 'mention', from: caret - (mention[1] ?? '').length - 1, query: mention[1] ?? '' }
  return null
}

/** What fits first: the start of a name, the start of one of its words, anywhere. */
export function rankBy<T>(list: readonly T[], query: string, name: (x: T) => string): T[] {
  const q = query.trim().toLocaleLowerCase()
  if (!q) return [...list]
  const score = (x: T) => {
    const n = name(x).toLocaleLowerCase()
    if (n.startsWith(q)) return 0
    if (n.split(/[\s_.-]+/).some((w) => w.startsWith(q))) return 1
    return n.includes(q) ? 2 : 3
  }
  return list
    .map((x) => ({ x, s: score(x) }))
    .filter((e) => e.s < 3)
    .sort((a, b) => a.s - b.s)
    .map((e) => e.x)
}
