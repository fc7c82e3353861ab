import type { Inbox } from '@/data/directory'

/** Pure: message templates of WhatsApp and Twilio as one thing, what has to be filled in, and how they are sent. */

export type Media = 'image' | 'video' | 'document'

export interface TemplateButton {
  kind: 'url' | 'copy_code' | 'quick_reply' | 'phone_number' | 'other'
  text: string
  /** With a place for a value where it takes one. */
  url: string
  asks: boolean
  example: string
}

export interface Template {
  key: string
  name: string
  language: string
  category: string
  /** approved, pending, rejected, paused, … */
  status: string
  /** Something in it cannot be sent from here. */
  unsupported: boolean
  provider: 'whatsapp' | 'twilio'
  namespace: string
  media: Media | null
  header: string
  body: string
  footer: string
  buttons: readonly TemplateButton[]
  /** Examples by the name of a place. */
  examples: Readonly<Record<string, string>>
}

type Raw = Record<string, unknown>
const object = (v: unknown): Raw => (typeof v === 'object' && v !== null && !Array.isArray(v) ? (v as Raw) : {})
const array = (v: unknown): unknown[] => (Array.isArray(v) ? v : [])
const text = (v: unknown): string => (typeof v === 'string' ? v : typeof v === 'number' ? String(v) : '')

const place = /\{\{\s*(\w+)\s*\}\}/g
/** The places of a text, each once, in their order. */
export const placesOf = (t: string) => [...new Set([...t.matchAll(place)].map((m) => m[1] ?? ''))]

function buttonOf(v: unknown): TemplateButton {
  const b = object(v)
  const type = text(b.type).toLowerCase()
  const url = text(b.url)
  const kind = type === 'url' || type === 'copy_code' || type === 'quick_reply' || type === 'phone_number' ? type : 'other'
  const asks = kind === 'copy_code' || (kind === 'url' && placesOf(url).length > 0)
  return { kind, text: text(b.text), url, asks, example: text(array(b.example)[0] ?? b.example) }
}

function examplesOf(component: Raw, kind: 'header' | 'body'): Record<string, string> {
  const e = object(component.example)
  const out: Record<string, string> = {}
  for (const one of array(e[`${kind}_text_named_params`])) out[text(object(one).param_name)] = text(object(one).example)
  const listed = array(e[`${kind}_text`])
  for (const [i, one] of array(Array.isArray(listed[0]) ? listed[0] : listed).entries()) out[String(i + 1)] = text(one)
  return out
}

const formats = ['image', 'video', 'document']

function whatsApp(v: unknown): Template {
  const t = object(v)
  const components = array(t.components).map(object)
  const of = (type: string) => components.find((c) => text(c.type).toLowerCase() === type) ?? {}
  const [header, body, footer, buttons] = [of('header'), of('body'), of('footer'), of('buttons')]
  const format = text(header.format).toLowerCase()
  const odd = components.some((c) => !['header', 'body', 'footer', 'buttons'].includes(text(c.type).toLowerCase()))
  return {
    key: `${text(t.name)} ${text(t.language)}`,
    name: text(t.name),
    language: text(t.language),
    category: text(t.category).toLowerCase(),
    status: text(t.status).toLowerCase(),
    unsupported: odd || format === 'location',
    provider: 'whatsapp',
    namespace: text(t.namespace),
    media: formats.includes(format) ? (format as Media) : null,
    header: text(header.text),
    body: text(body.text),
    footer: text(footer.text),
    buttons: array(buttons.buttons).map(buttonOf),
    examples: { ...examplesOf(body, 'body'), ...prefixed(examplesOf(header, 'header')) },
  }
}

const prefixed = (e: Record<string, string>) => Object.fromEntries(Object.entries(e).map(([k, v]) => [`header:${k}`, v]))

function twilio(v: unknown): Template {
  const t = object(v)
  const types = object(t.types)
  const media = text(array(object(types['twilio/media']).media)[0])
  const actions = Object.values(types).flatMap((one) => array(object(one).actions)).map(object)
  return {
    key: text(t.content_sid) || `${text(t.friendly_name)} ${text(t.language)}`,
    name: text(t.friendly_name),
    language: text(t.language),
    category: text(t.category).toLowerCase(),
    status: text(t.status).toLowerCase(),
    unsupported: text(t.template_type) === 'catalog',
    provider: 'twilio',
    namespace: '',
    media: null,
    // The address of its file may have a place, too.
    header: media,
    body: text(t.body),
    footer: '',
    buttons: actions.map((a) => ({ kind: 'quick_reply', text: text(a.title), url: text(a.url), asks: false, example: '' })),
    examples: Object.fromEntries(Object.entries(object(t.variables)).map(([k, e]) => [k, text(e)])),
  }
}

/** The templates of an inbox, approved ones first; null where the channel has none. */
export function templatesOf(i: Inbox | undefined): Template[] | null {
  let list: Template[]
  if (i?.channel_type === 'Channel::Whatsapp') list = array(i.message_templates).map(whatsApp)
  else if (i?.channel_type === 'Channel::TwilioSms' && i.medium === 'whatsapp') list = array(object(i.content_templates).templates).map(twilio)
  else if (i?.channel_type === 'Channel::Api' && Array.isArray(i.additional_attributes?.message_templates)) list = i.additional_attributes.message_templates.map(whatsApp)
  else return null
  const usable = (t: Template) => Number(t.status === 'approved' && !t.unsupported)
  return list.filter((t) => t.name !== '').sort((a, b) => usable(b) - usable(a) || a.name.localeCompare(b.name) || a.language.localeCompare(b.language))
}

export const isUsable = (t: Template) => t.status === 'approved' && !t.unsupported

export interface Search {
  term: string
  language: string
  category: string
}

export function searchTemplates(list: readonly Template[], s: Search): Template[] {
  const words = s.term.trim().toLocaleLowerCase().split(/\s+/).filter(Boolean)
  return list.filter((t) => {
    if (s.language && t.language !== s.language) return false
    if (s.category && t.category !== s.category) return false
    const hay = `${t.name} ${t.name.replaceAll('_', ' ')} ${t.header} ${t.body}`.toLocaleLowerCase()
    return words.every((w) => hay.includes(w))
  })
}
