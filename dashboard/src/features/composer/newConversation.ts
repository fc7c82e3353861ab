import type { Inbox } from '@/data/directory'
import { isWhatsApp, lengthOf, limitOf } from './channel'

/** Pure: what a conversation that an agent begins needs. */

/** WhatsApp lets nobody be written to first but by a template. */
export const needsTemplate = (i: Inbox) => isWhatsApp(i)

export interface Begin {
  inbox: Inbox
  contactId: number
  sourceId: string
  assignee: number | null
  subject: string
  text: string
  template?: Record<string, unknown>
}

export function bodyOf(b: Begin) {
  return {
    inbox_id: b.inbox.id,
    contact_id: b.contactId,
    source_id: b.sourceId,
    assignee_id: b.assignee,
    ...(b.inbox.channel_type === 'Channel::Email' && b.subject.trim() ? { additional_attributes: { mail_subject: b.subject.trim() } } : {}),
    message: { content: b.text, ...(b.template ? { template_params: b.template } : {}) },
  }
}

/** How many characters are too many; 0: it fits. */
export const excess = (i: Inbox | undefined, text: string) => Math.max(0, lengthOf(text) - limitOf(i, false))
