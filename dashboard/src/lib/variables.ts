/** What messages to contacts can name between braces; the server fills it in when they are sent. */
export const variables = [
  'contact.name', 'contact.first_name', 'contact.last_name', 'contact.email', 'contact.phone_number', 'contact.id',
  'agent.name', 'agent.first_name', 'agent.last_name', 'agent.available_name', 'agent.id',
  'conversation.display_id', 'conversation.contact_name', 'conversation.id',
  'inbox.name', 'inbox.id', 'account.name', 'account.id',
] as const

export type Variable = (typeof variables)[number]

export const written = (variable: string): string => `{{${variable}}}`

/** A part of a text: as it is, or a variable. */
export type Piece =
  | { kind: 'text'; text: string }
  /** value is null where it is known only when the message is sent. */
  | { kind: 'variable'; name: string; value: string | null }
  /** Nothing has this name: it becomes empty. */
  | { kind: 'unknown'; name: string }

function add(out: Piece[], text: string): void {
  const last = out.at(-1)
  if (text === '') return
  if (last?.kind === 'text') last.text += text
  else out.push({ kind: 'text', text })
}

/**
 * Splits a text at its variables. What stands between backticks is left alone, as the
 * server does; what is filtered or computed is shown only when it is sent. custom are
 * the whole names of custom attributes that there are.
 */
export function piecesOf(text: string, values: Partial<Record<string, string>>, custom: readonly string[] = []): Piece[] {
  const out: Piece[] = []
  let at = 0
  for (const m of text.matchAll(/`[\s\S]*?`|\{\{-?\s*([\w.]+)\s*(\|[^}]*)?-?\}\}/g)) {
    add(out, text.slice(at, m.index))
    at = m.index + m[0].length
    const name = m[1]
    if (name === undefined) add(out, m[0])
    else if ((variables as readonly string[]).includes(name)) out.push({ kind: 'variable', name, value: m[2] ? null : (values[name] ?? null) })
    else if (custom.includes(name)) out.push({ kind: 'variable', name, value: null })
    else out.push({ kind: 'unknown', name })
  }
  add(out, text.slice(at))
  return out
}

/** Names as the server writes them: each word with one capital letter; first and last where there are several. */
export function namesOf(name: string): { name: string; first: string; last: string } {
  const words = name.trim().split(/\s+/).filter(Boolean).map((w) => w.charAt(0).toUpperCase() + w.slice(1).toLowerCase())
  return { name: words.join(' '), first: words.length > 1 ? (words[0] ?? '') : '', last: words.length > 1 ? (words.at(-1) ?? '') : '' }
}
