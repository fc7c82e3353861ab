import { computed, ref, type ComputedRef, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useOutbox, type Sending } from '@/data/desk/outbox'
import type { Conversation, Message } from '@/data/desk/types'
import { useUI } from '@/data/ui'
import type { About } from './about'
import { lengthOf, limitOf } from './channel'
import { repliesSince, type Begun } from './collision'
import { useLookups } from './lookups'
import { isAddress, replyAll, type Recipients } from './mail'
import { withLinks, type Mentionable } from './mentions'
import { signed, useSignature, type Signature } from './signature'
import { unknown } from './variables'
import type { Writing } from './writing'

export interface SendState {
  signature: Signature
  /** What would be sent: with its signature and links. */
  content: ComputedRef<string>
  length: ComputedRef<number>
  limit: ComputedRef<number>
  /** Variables that nobody knows. */
  open: ComputedRef<string[]>
  recipients: ComputedRef<Recipients>
  isMail: ComputedRef<boolean>
  /** Answers of colleagues since one began to write. */
  others: ComputedRef<Message[]>
  /** Why nothing can be sent now; "" when it can. */
  refusal: ComputedRef<string>
  begun: Ref<Begun | null>
  chosen: Ref<Mentionable[]>
  /** The id of what was put into the outbox; null: not sent. */
  send: () => Promise<string | null>
  sendTemplate: (params: Record<string, unknown>, text: string) => Promise<string>
}

/** From what is written to the outbox, with the questions on the way. */
export function useSending(accountId: number, conversationId: number, conversation: () => Conversation, about: About, writing: Writing): SendState {
  const { t } = useI18n()
  const ui = useUI()
  const outbox = useOutbox()
  const lookups = useLookups()
  const signature = useSignature()
  const begun = ref<Begun | null>(null)
  const chosen = ref<Mentionable[]>([])
  const note = computed(() => writing.mode.value === 'note')
  const part = computed(() => writing.parts[writing.mode.value])
  const isMail = computed(() => about.inbox.value?.channel_type === 'Channel::Email')
  const mailed = computed(() => isMail.value && !note.value)

  const content = computed(() => {
    const text = part.value.text.trim()
    if (note.value) return withLinks(text, lookups.people(accountId, conversation().inboxId), chosen.value)
    return mailed.value && signature.on.value && text !== '' ? signed(text, signature.text.value) : text
  })
  const length = computed(() => lengthOf(content.value))
  const limit = computed(() => limitOf(about.inbox.value, note.value))
  const open = computed(() => unknown(part.value.text, about.values.value))

  const proposed = computed(() => replyAll(about.messages.value, conversation().contact.email, [about.inbox.value?.email, about.inbox.value?.forward_to_email]))
  const listed = (text: string | null, otherwise: string[]) => (text === null ? otherwise : text.split(',').filter(Boolean))
  const recipients = computed<Recipients>(() => ({
    to: listed(part.value.to, proposed.value.to), cc: listed(part.value.cc, proposed.value.cc), bcc: listed(part.value.bcc, []),
  }))
  const others = computed(() => (note.value ? [] : repliesSince(about.messages.value, begun.value, about.me.value)))

  const refusal = computed(() => {
    if (length.value > limit.value) return t('composer.tooLong', { n: length.value - limit.value })
    if (!mailed.value) return ''
    const all = [...recipients.value.to, ...recipients.value.cc, ...recipients.value.bcc]
    const wrong = all.find((a) => !isAddress(a))
    if (wrong) return t('composer.mail.refused', { address: wrong })
    return recipients.value.to.length === 0 ? t('composer.mail.missing') : ''
  })

  function mail(): Partial<Sending> {
    if (!mailed.value) return {}
    const { to, cc, bcc } = recipients.value
    const usual = to.length === 1 && to[0] === conversation().contact.email?.toLowerCase()
    return { ...(usual ? {} : { to: to.join(',') }), ...(cc.length ? { cc: cc.join(',') } : {}), ...(bcc.length ? { bcc: bcc.join(',') } : {}) }
  }

  /** Asks what has to be asked; each thing once. */
  async function confirmed(): Promise<boolean> {
    if (open.value.length > 0) {
      const names = open.value.map((n) => `{{${n}}}`).join(', ')
      if (!(await ui.ask({ title: t('composer.unknown.title'), text: t('composer.unknown.text', { names }), action: t('composer.unknown.action'), danger: false }))) return false
    }
    const last = others.value.at(-1)
    if (!last) return true
    begun.value = { after: last.id }
    const text = t('composer.collision.text', { name: last.sender?.name ?? '', text: (last.content ?? '').slice(0, 200) })
    return ui.ask({ title: t('composer.collision.title'), text, action: t('composer.collision.action'), danger: false })
  }

  let asking = false
  async function send(): Promise<string | null> {
    const mode = writing.mode.value
    if (asking || refusal.value || (content.value === '' && part.value.files.length === 0)) return null
    asking = true
    try {
      if (!(await confirmed())) return null
    } finally {
      asking = false
    }
    // In the outbox, and gone from here, in one go: a second Enter finds nothing.
    const sent = outbox.send({
      accountId, conversationId, content: content.value, private: mode === 'note', replyTo: part.value.replyTo, files: [...part.value.files], ...mail(),
    })
    writing.clear(mode)
    begun.value = null
    chosen.value = []
    return sent
  }

  const sendTemplate = (template: Record<string, unknown>, text: string) =>
    outbox.send({ accountId, conversationId, content: text, private: false, replyTo: null, files: [], template })

  return { signature, content, length, limit, open, recipients, isMail, others, refusal, begun, chosen, send, sendTemplate }
}
