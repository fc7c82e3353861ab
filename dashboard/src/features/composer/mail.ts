import { incoming, type Message } from '@/data/desk/types'

/** Pure: to whom an e-mail goes. */

export interface Recipients {
  to: string[]
  cc: string[]
  bcc: string[]
}

const list = (v: unknown): string[] => (Array.isArray(v) ? v.filter((x): x is string => typeof x === 'string') : typeof v === 'string' ? v.split(',') : [])
const clean = (v: readonly string[]) => [...new Set(v.map((a) => a.trim().toLowerCase()).filter(Boolean))]

export const isAddress = (text: string) => /^[^\s@,;<>"]+@[^\s@,;<>".]+(\.[^\s@,;<>".]+)+$/.test(text)

/** The addresses of what was typed or pasted: "Ada <ada@example.com>; bo@example.com". */
export function parseAddresses(text: string): string[] {
  return clean(text.split(/[,;\n]+|\s+(?=[^\s<]+@)/).map((part) => /<([^>]+)>/.exec(part)?.[1] ?? part))
}

/** An answer to all of the newest mail: its sender, and who got it besides this inbox. */
export function replyAll(messages: readonly Message[], contact: string | null, own: readonly (string | null | undefined)[]): Recipients {
  const mine = new Set(clean(own.filter((a): a is string => typeof a === 'string')))
  const last = messages.findLast((m) => m.message_type === incoming && typeof m.content_attributes.email === 'object')
  const mail = (last?.content_attributes.email ?? {}) as Record<string, unknown>
  const from = clean(list(mail.from))
  const to = from.length > 0 ? from : clean(contact ? [contact] : [])
  const others = (v: unknown) => clean(list(v)).filter((a) => !mine.has(a) && !to.includes(a))
  return { to, cc: clean([...others(mail.to), ...others(mail.cc)]), bcc: [] }
}
