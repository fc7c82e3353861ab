import type { Inbox } from '@/data/directory'
import type { Kind } from './channels'

/** A field of a form about a channel; its texts are inboxes.field.<key>, its hint inboxes.hint.<hint>. */
export interface Field {
  key: string
  kind: 'text' | 'secret' | 'url' | 'email' | 'phone' | 'colour'
  optional?: boolean
  hint?: string
  initial?: string
  /** The attribute that a refusal names, where it is another one. */
  attribute?: string
}

export type Values = Record<string, string>

const trimmed = (v: Values): Values => Object.fromEntries(Object.entries(v).map(([k, x]) => [k, x.trim()]))
const given = (v: Values): Values => Object.fromEntries(Object.entries(trimmed(v)).filter(([, x]) => x !== ''))

/** How the credentials of a connected inbox are changed; null: there is nothing to type. */
export interface Credentials {
  fields: Field[]
  /** All have to be entered anew: the API keeps them to itself and replaces them as a whole. */
  whole: boolean
  channel: (changes: Values, values: Values) => Record<string, unknown>
}

const text = (v: unknown): string => (typeof v === 'string' ? v : '')

export function credentialsOf(inbox: Inbox, kind: Kind): Credentials | null {
  const config = inbox.provider_config ?? {}
  switch (kind) {
    case 'whatsapp': {
      const cloud = inbox.provider === 'whatsapp_cloud'
      const fields: Field[] = cloud
        ? [
            { key: 'phone_number_id', kind: 'text', initial: text(config['phone_number_id']) },
            { key: 'business_account_id', kind: 'text', initial: text(config['business_account_id']) },
            { key: 'api_key', kind: 'secret', hint: 'newKey', initial: text(config['api_key']), attribute: 'provider_config' },
          ]
        : [{ key: 'dialog_key', kind: 'secret', initial: text(config['api_key']), attribute: 'provider_config' }]
      return {
        fields, whole: false,
        // Keys that this page does not show are the server's, or another client's.
        channel: (_, v) => ({
          provider_config: cloud ? { ...config, ...trimmed(v) } : { ...config, api_key: (v['dialog_key'] ?? '').trim() },
        }),
      }
    }
    case 'sms':
    case 'twilioWhatsapp':
      if (inbox.channel_type === 'Channel::Sms') {
        return {
          fields: [
            { key: 'account_id', kind: 'text' }, { key: 'application_id', kind: 'text' }, { key: 'bandwidth_key', kind: 'secret' }, { key: 'bandwidth_secret', kind: 'secret' },
          ],
          whole: true,
          channel: (_, v) => ({ provider_config: bandwidth(v) }),
        }
      }
      return {
        fields: [
          { key: 'account_sid', kind: 'text', initial: inbox.account_sid ?? '' },
          { key: 'auth_token', kind: 'secret', hint: 'twilioToken', initial: inbox.auth_token ?? '' },
          { key: 'api_key_sid', kind: 'text', optional: true, hint: 'keepEmpty' },
          { key: 'webhook_auth_token', kind: 'secret', optional: true, hint: 'webhookToken' },
        ],
        whole: false,
        channel: (changes) => trimmed(changes),
      }
    case 'telegram':
      return { fields: [{ key: 'bot_token', kind: 'secret', hint: 'botToken' }], whole: true, channel: (_, v) => trimmed(v) }
    case 'line':
      return {
        fields: [{ key: 'line_channel_secret', kind: 'secret', optional: true, hint: 'keepEmpty' }, { key: 'line_channel_token', kind: 'secret', optional: true, hint: 'keepEmpty' }],
        whole: false,
        channel: (changes) => given(changes),
      }
    case 'voice':
      return {
        fields: [{ key: 'account_sid', kind: 'text' }, { key: 'auth_token', kind: 'secret' }, { key: 'api_key_sid', kind: 'text' }, { key: 'api_key_secret', kind: 'secret' }],
        whole: true,
        channel: (_, v) => ({ provider_config: trimmed(v) }),
      }
    default:
      return null
  }
}

/** Bandwidth's names of its credentials. */
export const bandwidth = (v: Values): Values => {
  const { account_id = '', application_id = '', bandwidth_key = '', bandwidth_secret = '' } = trimmed(v)
  return { account_id, application_id, api_key: bandwidth_key, api_secret: bandwidth_secret }
}
