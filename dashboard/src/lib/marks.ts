/** Cuts a text where a term is in it, whatever the case: every second part is a hit. */
export function marked(text: string, term: string): { text: string; hit: boolean }[] {
  const t = term.trim()
  if (t === '') return [{ text, hit: false }]
  const pattern = new RegExp(t.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'giu')
  const parts: { text: string; hit: boolean }[] = []
  let from = 0
  for (const found of text.matchAll(pattern)) {
    if (found.index > from) parts.push({ text: text.slice(from, found.index), hit: false })
    parts.push({ text: found[0], hit: true })
    from = found.index + found[0].length
  }
  if (from < text.length) parts.push({ text: text.slice(from), hit: false })
  return parts
}

/** The part of a long text around its first hit. */
export function excerpt(text: string, term: string, length = 240): string {
  const plain = text.replace(/\s+/g, ' ').trim()
  if (plain.length <= length) return plain
  const at = Math.max(0, plain.toLocaleLowerCase().indexOf(term.trim().toLocaleLowerCase()))
  const from = Math.max(0, Math.min(at - Math.floor(length / 3), plain.length - length))
  return `${from > 0 ? '… ' : ''}${plain.slice(from, from + length).trim()}${from + length < plain.length ? ' …' : ''}`
}
