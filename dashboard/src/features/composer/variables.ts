/** Pure: "{{contact.name}}" and what it stands for. */

export type Values = ReadonlyMap<string, string>

interface Named {
  id: number
  name: string
}

export interface Facts {
  contact: Named & { email: string | null; phone: string | null; custom: Readonly<Record<string, unknown>> }
  agent: Named & { available: string; email: string }
  conversation: { id: number; custom: Readonly<Record<string, unknown>> }
  inbox: Named
  account: Named
}

// As the server does: names begin with a capital letter; one word alone is no first name.
const capital = (name: string) => name.replace(/\S+/g, (w) => w.charAt(0).toLocaleUpperCase() + w.slice(1))
const first = (name: string) => (/\s/.test(name.trim()) ? (capital(name.trim()).split(/\s+/)[0] ?? '') : '')
const last = (name: string) => (/\s/.test(name.trim()) ? (capital(name.trim()).split(/\s+/).at(-1) ?? '') : '')

/** All that can be named here; what is empty says nothing and counts as unknown. */
export function valuesOf(f: Facts): Values {
  const values: Record<string, unknown> = {
    'contact.id': f.contact.id,
    'contact.name': capital(f.contact.name),
    'contact.first_name': first(f.contact.name),
    'contact.last_name': last(f.contact.name),
    'contact.email': f.contact.email,
    'contact.phone_number': f.contact.phone,
    'agent.id': f.agent.id,
    'agent.name': capital(f.agent.name),
    'agent.first_name': first(f.agent.name),
    'agent.last_name': last(f.agent.name),
    'agent.available_name': f.agent.available,
    'agent.email': f.agent.email,
    'conversation.id': f.conversation.id,
    'conversation.display_id': f.conversation.id,
    'conversation.contact_name': capital(f.contact.name),
    'inbox.id': f.inbox.id,
    'inbox.name': f.inbox.name,
    'account.id': f.account.id,
    'account.name': f.account.name,
  }
  for (const [key, v] of Object.entries(f.contact.custom)) values['contact.custom_attribute.' + key] = v
  for (const [key, v] of Object.entries(f.conversation.custom)) values['conversation.custom_attribute.' + key] = v
  const known = new Map<string, string>()
  for (const [key, v] of Object.entries(values)) {
    const text = typeof v === 'string' ? v.trim() : typeof v === 'number' || typeof v === 'boolean' ? String(v) : ''
    if (text) known.set(key, text)
  }
  return known
}

// What stands between backticks is no variable; filters ("| default: …") are the server's.
const parts = /`[^`]*`|\{\{\s*([\w.-]+)\s*\}\}/g

/** The text with what is known filled in. */
export const fill = (text: string, values: Values) => text.replace(parts, (all, name?: string) => (name && values.get(name)) || all)

/** The variables that would arrive empty, each once. */
export function unknown(text: string, values: Values): string[] {
  const found = new Set<string>()
  for (const [, name] of text.matchAll(parts)) if (name && !values.get(name)) found.add(name)
  return [...found]
}
