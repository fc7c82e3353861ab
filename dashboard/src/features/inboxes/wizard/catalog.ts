import * as calls from '../calls'
import { bandwidth, type Field, type Values } from '../credentials'
import type { Kind } from '../channels'

/** A way to connect: what is asked, and the call that makes the inbox of it. */
export interface Way {
  key: string
  fields: Field[]
  create: (accountId: number, v: Values) => Promise<{ id: number }>
}

/** A channel of the first step. */
export interface Channel {
  /** sub_page of the address. */
  key: string
  kind: Kind
  ways: Way[]
  /** Of the installation: without these settings it cannot be connected. The names are those of the environment. */
  needs?: { setting: string; known: string }[]
  /** Connected by a dialog of Meta's instead of a form. */
  popup?: 'whatsapp' | 'facebook'
  /** This program makes the inbox, and does not carry its messages yet. */
  quiet?: boolean
}

const name: Field = { key: 'name', kind: 'text', hint: 'name' }
const phone: Field = { key: 'phone_number', kind: 'phone', hint: 'phone' }
const value = (v: Values, key: string): string => (v[key] ?? '').trim()
/** "+1 415 555-0100" as it is stored. */
export const e164 = (text: string): string => {
  const t = text.trim()
  return t && `+${t.replace(/\D/g, '').replace(/^00/, '')}`
}

const twilio = (medium: 'sms' | 'whatsapp'): Way => ({
  key: 'twilio',
  fields: [
    name,
    { key: 'account_sid', kind: 'text', hint: 'twilioSid' },
    { key: 'auth_token', kind: 'secret', hint: 'twilioToken' },
    { key: 'api_key_sid', kind: 'text', optional: true, hint: 'apiKey' },
    { key: 'webhook_auth_token', kind: 'secret', optional: true, hint: 'webhookToken' },
    { key: 'phone_number', kind: 'phone', optional: true, hint: 'phoneOrService' },
    { key: 'messaging_service_sid', kind: 'text', optional: true, hint: 'service' },
  ],
  create: (accountId, v) => {
    const service = value(v, 'messaging_service_sid')
    const optional = Object.fromEntries(['api_key_sid', 'webhook_auth_token'].filter((k) => value(v, k)).map((k) => [k, value(v, k)]))
    return calls.createTwilio(accountId, {
      name: value(v, 'name'), medium, account_sid: value(v, 'account_sid'), auth_token: value(v, 'auth_token'), ...optional,
      ...(service ? { messaging_service_sid: service } : { phone_number: e164(value(v, 'phone_number')) }),
    })
  },
})

export const channels: readonly Channel[] = [
  {
    key: 'whatsapp', kind: 'whatsapp', popup: 'whatsapp',
    needs: [{ setting: 'WHATSAPP_APP_ID', known: 'whatsappAppId' }, { setting: 'WHATSAPP_CONFIGURATION_ID', known: 'whatsappConfigurationId' }],
    ways: [
      {
        key: 'manual',
        fields: [
          name, phone,
          { key: 'phone_number_id', kind: 'text', hint: 'phoneNumberId' },
          { key: 'business_account_id', kind: 'text', hint: 'waba' },
          { key: 'api_key', kind: 'secret', hint: 'metaKey', attribute: 'provider_config' },
        ],
        create: (accountId, v) =>
          calls.create(accountId, value(v, 'name'), {
            type: 'whatsapp', phone_number: e164(value(v, 'phone_number')), provider: 'whatsapp_cloud',
            provider_config: { api_key: value(v, 'api_key'), phone_number_id: value(v, 'phone_number_id'), business_account_id: value(v, 'business_account_id') },
          }),
      },
      {
        key: 'dialog',
        fields: [name, phone, { key: 'dialog_key', kind: 'secret', hint: 'dialogKey', attribute: 'provider_config' }],
        create: (accountId, v) =>
          calls.create(accountId, value(v, 'name'), {
            type: 'whatsapp', phone_number: e164(value(v, 'phone_number')), provider: 'default', provider_config: { api_key: value(v, 'dialog_key') },
          }),
      },
      twilio('whatsapp'),
    ],
  },
  {
    key: 'sms', kind: 'sms',
    ways: [
      twilio('sms'),
      {
        key: 'bandwidth',
        fields: [
          name, phone, { key: 'account_id', kind: 'text' }, { key: 'application_id', kind: 'text' },
          { key: 'bandwidth_key', kind: 'secret' }, { key: 'bandwidth_secret', kind: 'secret' },
        ],
        create: (accountId, v) =>
          calls.create(accountId, value(v, 'name'), { type: 'sms', phone_number: e164(value(v, 'phone_number')), provider_config: bandwidth(v) }),
      },
    ],
  },
  {
    key: 'telegram', kind: 'telegram',
    ways: [{ key: 'telegram', fields: [{ key: 'bot_token', kind: 'secret', hint: 'botToken' }], create: (accountId, v) => calls.create(accountId, '', { type: 'telegram', bot_token: value(v, 'bot_token') }) }],
  },
  {
    key: 'line', kind: 'line',
    ways: [
      {
        key: 'line',
        fields: [name, { key: 'line_channel_id', kind: 'text', hint: 'lineId' }, { key: 'line_channel_secret', kind: 'secret' }, { key: 'line_channel_token', kind: 'secret' }],
        create: (accountId, v) =>
          calls.create(accountId, value(v, 'name'), {
            type: 'line', line_channel_id: value(v, 'line_channel_id'), line_channel_secret: value(v, 'line_channel_secret'), line_channel_token: value(v, 'line_channel_token'),
          }),
      },
    ],
  },
  { key: 'facebook', kind: 'facebook', popup: 'facebook', needs: [{ setting: 'FB_APP_ID', known: 'fbAppId' }], ways: [] },
  { key: 'instagram', kind: 'instagram', popup: 'facebook', needs: [{ setting: 'FB_APP_ID', known: 'fbAppId' }], ways: [] },
  {
    key: 'website', kind: 'website', quiet: true,
    ways: [
      {
        key: 'website',
        fields: [name, { key: 'website_url', kind: 'url', hint: 'website' }, { key: 'widget_color', kind: 'colour', initial: '#1f93ff' }],
        create: (accountId, v) => calls.create(accountId, value(v, 'name'), { type: 'web_widget', website_url: value(v, 'website_url'), widget_color: value(v, 'widget_color') }),
      },
    ],
  },
  {
    key: 'email', kind: 'email', quiet: true,
    ways: [{ key: 'email', fields: [name, { key: 'email', kind: 'email', hint: 'email' }], create: (accountId, v) => calls.create(accountId, value(v, 'name'), { type: 'email', email: value(v, 'email') }) }],
  },
  {
    key: 'api', kind: 'api',
    ways: [
      {
        key: 'api',
        fields: [name, { key: 'webhook_url', kind: 'url', optional: true, hint: 'apiHook' }],
        create: (accountId, v) => calls.create(accountId, value(v, 'name'), { type: 'api', webhook_url: value(v, 'webhook_url') }),
      },
    ],
  },
  {
    key: 'voice', kind: 'voice', quiet: true,
    ways: [
      {
        key: 'voice',
        fields: [name, phone, { key: 'account_sid', kind: 'text' }, { key: 'auth_token', kind: 'secret' }, { key: 'api_key_sid', kind: 'text' }, { key: 'api_key_secret', kind: 'secret' }],
        create: (accountId, v) =>
          calls.create(accountId, value(v, 'name'), {
            type: 'voice', phone_number: e164(value(v, 'phone_number')), provider: 'twilio',
            provider_config: { account_sid: value(v, 'account_sid'), auth_token: value(v, 'auth_token'), api_key_sid: value(v, 'api_key_sid'), api_key_secret: value(v, 'api_key_secret') },
          }),
      },
    ],
  },
]

export const channelOf = (key: string): Channel | undefined => channels.find((c) => c.key === key)

/** Settings of the installation that are missing for a channel's dialog. */
export function missing(c: Channel, config: Record<string, unknown>): string[] {
  return (c.needs ?? []).filter((n) => !config[n.known]).map((n) => n.setting)
}

/** What a form still lacks. */
export function incomplete(way: Way, v: Values): string[] {
  const out = way.fields.filter((f) => !f.optional && !value(v, f.key)).map((f) => f.key)
  // A number or a service, one of the two.
  if (way.key === 'twilio' && !value(v, 'phone_number') && !value(v, 'messaging_service_sid')) out.push('phone_number')
  return out
}
