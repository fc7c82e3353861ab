import type { Inbox } from '@/data/directory'

/** Pure: what a channel lets through. */

type About = Pick<Inbox, 'channel_type' | 'medium' | 'additional_attributes'>

export const isWhatsApp = (i: About) => i.channel_type === 'Channel::Whatsapp' || (i.channel_type === 'Channel::TwilioSms' && i.medium === 'whatsapp')
export const isSMS = (i: About) => i.channel_type === 'Channel::Sms' || (i.channel_type === 'Channel::TwilioSms' && i.medium !== 'whatsapp')

/** How many characters a message may have. Notes never leave the house: they have what is left over. */
export function limitOf(i: About | undefined, note: boolean): number {
  if (!i || note) return 10_000
  if (isSMS(i)) return 320
  switch (i.channel_type) {
    case 'Channel::Whatsapp':
    case 'Channel::Telegram':
      return 4096
    case 'Channel::TwilioSms':
      return 1600
    case 'Channel::FacebookPage':
    case 'Channel::Line':
      return 2000
    case 'Channel::Instagram':
      return 1000
    case 'Channel::Email':
      return 25_000
    default:
      return 10_000
  }
}

/** Characters as people count them, not halves of them. */
export const lengthOf = (text: string) => [...text].length

const basic = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
)
const extended = new Set('^{}\\[~]|€')

/** Into how many text messages a text is cut: 160 characters each, 70 with letters beyond the basic ones, fewer where parts are joined. */
export function segmentsOf(text: string): number {
  if (text === '') return 0
  const chars = [...text]
  if (chars.every((c) => basic.has(c) || extended.has(c))) {
    const units = chars.reduce((n, c) => n + (extended.has(c) ? 2 : 1), 0)
    return units <= 160 ? 1 : Math.ceil(units / 153)
  }
  return text.length <= 70 ? 1 : Math.ceil(text.length / 67)
}

export interface Marks {
  bold: string
  italic: string
}

/** The marks that a channel shows as bold and italic; null where they would arrive as they are typed. */
export function marksOf(i: About | undefined, note: boolean): Marks | null {
  if (note) return { bold: '**', italic: '_' }
  if (!i) return null
  if (isWhatsApp(i)) return { bold: '*', italic: '_' }
  return i.channel_type === 'Channel::Telegram' || i.channel_type === 'Channel::WebWidget' ? { bold: '**', italic: '_' } : null
}

/** A selection with marks around it, or without them where it had them; and what is selected then. */
export function toggleMark(text: string, from: number, to: number, mark: string): { from: number; to: number; text: string; select: [number, number] } {
  const n = mark.length
  if (text.slice(from - n, from) === mark && text.slice(to, to + n) === mark) {
    return { from: from - n, to: to + n, text: text.slice(from, to), select: [from - n, to - n] }
  }
  return { from, to, text: mark + text.slice(from, to) + mark, select: [from + n, to + n] }
}
