import type { Inbox } from '@/data/directory'
import type { Kind } from './channels'

/** A value that has to be pasted at the provider; its label is inboxes.value.<key>. */
export interface Value {
  key: string
  value: string
  secret?: boolean
  block?: boolean
  hint?: string
}

const text = (v: unknown): string => (typeof v === 'string' ? v : '')

/** What an inbox has to be copied from. */
export function valuesOf(inbox: Inbox, kind: Kind, base: string): Value[] {
  const config = inbox.provider_config ?? {}
  const list: (Value | false)[] = []
  const callback = inbox.callback_webhook_url ?? ''
  switch (kind) {
    case 'website':
      list.push({ key: 'script', value: inbox.web_widget_script ?? '', block: true, hint: 'script' })
      break
    case 'api':
      list.push(
        { key: 'identifier', value: inbox.inbox_identifier ?? '' },
        { key: 'hmac', value: inbox.hmac_token ?? '', secret: true },
        { key: 'curl', value: curl(base, inbox.inbox_identifier ?? ''), block: true, hint: 'curl' },
      )
      break
    case 'whatsapp':
      // Meta's dialog sets the address itself; 360dialog is told it.
      if (inbox.provider === 'whatsapp_cloud' && config['source'] !== 'embedded_signup') {
        list.push({ key: 'callback', value: callback, hint: 'metaCallback' }, { key: 'verifyToken', value: text(config['webhook_verify_token']), secret: true })
      }
      break
    case 'twilioWhatsapp':
      list.push({ key: 'callback', value: callback, hint: 'twilioCallback' })
      break
    case 'sms':
      if (inbox.channel_type === 'Channel::Sms') {
        list.push(
          { key: 'callback', value: callback, hint: 'bandwidthCallback' },
          { key: 'user', value: text(config['webhook_username']) },
          { key: 'password', value: text(config['webhook_password']), secret: true },
        )
      }
      break
    // Of the app, once for all inboxes: who runs the installation enters them.
    case 'facebook':
      list.push({ key: 'callback', value: base && `${base}/bot`, hint: 'facebookCallback' })
      if (inbox.instagram_id) list.push({ key: 'callbackInstagram', value: base && `${base}/webhooks/instagram`, hint: 'instagramCallback' })
      break
    case 'instagram':
      list.push({ key: 'callbackInstagram', value: base && `${base}/webhooks/instagram`, hint: 'instagramCallback' })
      break
    case 'twitter':
      list.push({ key: 'callback', value: base && `${base}/webhooks/twitter`, hint: 'twitterCallback' })
      break
    case 'line':
      list.push({ key: 'callback', value: callback, hint: 'lineCallback' })
      break
    case 'email':
      list.push({ key: 'forward', value: inbox.forward_to_email ?? '', hint: 'forward' })
      break
    case 'voice':
      list.push({ key: 'call', value: inbox.voice_call_webhook_url ?? '' }, { key: 'status', value: inbox.voice_status_webhook_url ?? '' })
  }
  return list.filter((v): v is Value => v !== false && v.value !== '')
}

function curl(base: string, identifier: string): string {
  const url = `${base || location.origin}/public/api/v1/inboxes/${identifier}/contacts`
  return `curl -X POST ${url} \\\n  -H 'Content-Type: application/json' \\\n  -d '{"name": "Jane Doe", "email": "jane@example.com"}'`
}

/** An address that a phone's camera opens to write to the inbox. */
export function linkOf(inbox: Inbox, kind: Kind): string {
  const digits = (inbox.phone_number ?? '').replace(/\D/g, '')
  switch (kind) {
    case 'whatsapp':
    case 'twilioWhatsapp':
      return digits ? `https://wa.me/${digits}` : ''
    case 'telegram':
      return inbox.bot_name ? `https://t.me/${inbox.bot_name.replace(/^@/, '')}` : ''
    case 'sms':
      return digits ? `sms:+${digits}` : ''
    case 'facebook':
      return inbox.page_id ? `https://m.me/${inbox.page_id}` : ''
    default:
      return ''
  }
}
