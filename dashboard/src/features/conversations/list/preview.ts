import type { Message } from '@/data/desk/types'
import { incoming } from '@/data/desk/types'

export interface Preview {
  /** Who says it, as a key of texts; undefined: the contact. */
  by?: 'you' | 'note' | 'team' | 'bot'
  /** What stands for a message without words, as a key of texts. */
  kind?: string
  text: string
}

/** What a row says of the newest message: one line, without the marks of formatting. */
export function previewOf(m: Message | null, me: number): Preview {
  if (!m) return { text: '' }
  const sender = m.sender as { id?: number; type?: string } | undefined
  const by = m.private ? 'note' : m.message_type === incoming ? undefined : sender?.type === 'user' ? (sender.id === me ? 'you' : 'team') : 'bot'
  const attachment = m.attachments?.[0]?.file_type
  const words = plain(m.content ?? '')
  const text = words || ''
  const kind = text ? undefined : m.content_attributes.deleted ? 'deleted' : attachment ? attachment : m.content_type !== 'text' ? m.content_type : undefined
  return { ...(by ? { by } : {}), ...(kind ? { kind } : {}), text }
}

export function plain(markdown: string): string {
  return markdown
    .slice(0, 400)
    .replace(/\[@?([^\]]*)\]\((?:mention|https?):\/\/[^)]*\)/g, '$1')
    .replace(/[*_`~#>]+/g, '')
    .replace(/\s+/g, ' ')
    .trim()
}
