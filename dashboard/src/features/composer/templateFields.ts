import { placesOf, type Template } from './templates'

/** Pure: what a template asks for, whether the answers do, and what is sent. */

export interface TemplateField {
  /** header:1, media, media_name, body:name, button:0 */
  id: string
  part: 'header' | 'media' | 'mediaName' | 'body' | 'button'
  /** The name of its place, or the text of its button. */
  name: string
  example: string
  optional: boolean
}

export function fieldsOf(t: Template): TemplateField[] {
  const example = (key: string) => t.examples[key] ?? ''
  if (t.provider === 'twilio') {
    const names = [...new Set([...placesOf(t.header), ...placesOf(t.body), ...Object.keys(t.examples)])]
    return names.map((name) => ({ id: `body:${name}`, part: 'body', name, example: example(name), optional: false }))
  }
  const fields: TemplateField[] = []
  if (t.media) fields.push({ id: 'media', part: 'media', name: t.media, example: '', optional: false })
  if (t.media === 'document') fields.push({ id: 'media_name', part: 'mediaName', name: '', example: '', optional: true })
  for (const name of placesOf(t.header)) fields.push({ id: `header:${name}`, part: 'header', name, example: example(`header:${name}`), optional: false })
  for (const name of placesOf(t.body)) fields.push({ id: `body:${name}`, part: 'body', name, example: example(name), optional: false })
  for (const [i, b] of t.buttons.entries()) if (b.asks) fields.push({ id: `button:${i}`, part: 'button', name: b.text, example: b.example, optional: false })
  return fields
}

export interface Who {
  name: string
  email: string | null
  phone: string | null
}

const greeting = /(?:^|\s)(?:hi|hello|hey|dear|hallo|guten tag|liebe[rs]?|hola|estimad[oa]|bonjour|salut|cher|chère|olá|oi|prezado|ciao|gentile|merhaba|مرحبا|مرحباً|أهلا)[\s,]*$/iu

/** What is obvious: a name after a greeting, or a place that says what it wants. */
export function prefill(t: Template, who: Who): Record<string, string> {
  const values: Record<string, string> = {}
  for (const f of fieldsOf(t)) {
    values[f.id] = ''
    if (f.part !== 'body' && f.part !== 'header') continue
    const first = who.name.trim().split(/\s+/)[0] ?? ''
    if (/^(customer_?|contact_?|user_?|full_?)?name$/i.test(f.name)) values[f.id] = who.name
    else if (/first_?name$/i.test(f.name)) values[f.id] = first
    else if (/e_?mail/i.test(f.name)) values[f.id] = who.email ?? ''
    else if (/phone|mobile/i.test(f.name)) values[f.id] = who.phone ?? ''
    else {
      const source = f.part === 'body' ? t.body : t.header
      const at = source.search(new RegExp(`\\{\\{\\s*${f.name}\\s*\\}\\}`))
      if (at >= 0 && greeting.test(source.slice(0, at))) values[f.id] = who.name
    }
  }
  return values
}

export type Problem = 'missing' | 'long' | 'address' | 'addressLong' | 'code' | 'spaces'

/** What is wrong with a value; null: nothing. */
export function problemOf(t: Template, f: TemplateField, value: string): Problem | null {
  const v = value.trim()
  if (v === '') return f.optional ? null : 'missing'
  if (f.part === 'media') {
    if (v.length > 2000) return 'addressLong'
    return /^https?:\/\/[^\s/]+\.[^\s]+$/i.test(v) ? null : 'address'
  }
  if (f.part === 'button' && t.buttons[Number(f.id.slice(7))]?.kind === 'copy_code') return [...v].length > 15 ? 'code' : null
  if ([...v].length > 1000) return 'long'
  return /[\n\t]| {5,}/.test(v) ? 'spaces' : null
}

/** template_params of a message. Buttons keep their places: what needs no value is null. */
export function paramsOf(t: Template, values: Readonly<Record<string, string>>): Record<string, unknown> {
  const get = (id: string) => (values[id] ?? '').trim()
  const among = (part: string) => Object.fromEntries(fieldsOf(t).filter((f) => f.part === part).map((f) => [f.name, get(f.id)]))
  const base = { name: t.name, category: t.category.toUpperCase(), language: t.language, ...(t.namespace ? { namespace: t.namespace } : {}) }
  if (t.provider === 'twilio') return { ...base, processed_params: among('body') }
  const processed: Record<string, unknown> = {}
  const [header, body] = [among('header'), among('body')]
  if (t.media) {
    processed.header = { media_url: get('media'), media_type: t.media, ...(get('media_name') ? { media_name: get('media_name') } : {}) }
  } else if (Object.keys(header).length > 0) processed.header = header
  if (Object.keys(body).length > 0) processed.body = body
  if (t.buttons.some((b) => b.asks)) processed.buttons = t.buttons.map((b, i) => (b.asks ? { type: b.kind, parameter: get(`button:${i}`) } : null))
  return { ...base, processed_params: processed }
}

export interface Piece {
  text: string
  /** A place: filled or still open. */
  place?: 'filled' | 'open'
  bold?: boolean
  italic?: boolean
}

/** A text of a template cut where it is filled in and where it is emphasised. */
export function piecesOf(source: string, value: (name: string) => string): Piece[] {
  const out: Piece[] = []
  let [bold, italic] = [false, false]
  for (const part of source.split(/(\{\{\s*\w+\s*\}\}|(?<![\w*])\*(?=\S)|(?<=[\S])\*(?![\w*])|(?<!\w)_(?=\S)|(?<=\S)_(?!\w))/)) {
    if (part === '') continue
    if (part === '*') bold = !bold
    else if (part === '_') italic = !italic
    else {
      const name = /^\{\{\s*(\w+)\s*\}\}$/.exec(part)?.[1]
      const given = name ? value(name).trim() : ''
      const piece: Piece = { text: name ? given || `{{${name}}}` : part }
      if (name) piece.place = given ? 'filled' : 'open'
      if (bold) piece.bold = true
      if (italic) piece.italic = true
      out.push(piece)
    }
  }
  return out
}

const filled = (source: string, value: (name: string) => string) => source.replace(/\{\{\s*(\w+)\s*\}\}/g, (all, name: string) => value(name).trim() || all)

/** The whole text that the customer reads: it is the content of the message here. */
export function fullText(t: Template, values: Readonly<Record<string, string>>): string {
  const at = (part: string) => (name: string) => values[`${part}:${name}`] ?? ''
  const header = t.provider === 'twilio' ? '' : filled(t.header, at('header'))
  return [header, filled(t.body, at('body')), t.footer].filter(Boolean).join('\n\n')
}
