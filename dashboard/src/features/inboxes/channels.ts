import type { Inbox } from '@/data/directory'
import type { IconName } from '@/ui/UiIcon.vue'

/** What an inbox is connected to, as people call it. */
export type Kind = 'website' | 'whatsapp' | 'twilioWhatsapp' | 'sms' | 'telegram' | 'line' | 'facebook' | 'instagram' | 'twitter' | 'email' | 'api' | 'voice'

const kinds: Record<Inbox['channel_type'], Kind> = {
  'Channel::WebWidget': 'website', 'Channel::Api': 'api', 'Channel::Email': 'email', 'Channel::Line': 'line', 'Channel::Telegram': 'telegram',
  'Channel::Sms': 'sms', 'Channel::Whatsapp': 'whatsapp', 'Channel::Voice': 'voice', 'Channel::TwilioSms': 'sms', 'Channel::FacebookPage': 'facebook',
  'Channel::Instagram': 'instagram', 'Channel::TwitterProfile': 'twitter',
}

export const icons: Record<Kind, IconName> = {
  website: 'globe', whatsapp: 'phone', twilioWhatsapp: 'phone', sms: 'smartphone', telegram: 'send', line: 'bubble', facebook: 'messages',
  instagram: 'image', twitter: 'at', email: 'mail', api: 'code', voice: 'call',
}

export function kindOf(inbox: Pick<Inbox, 'channel_type' | 'medium'>): Kind {
  if (inbox.channel_type === 'Channel::TwilioSms' && inbox.medium === 'whatsapp') return 'twilioWhatsapp'
  return kinds[inbox.channel_type]
}

/** How its owner knows it: a number, an address, a name. */
export function addressOf(inbox: Inbox): string {
  const phone = inbox.phone_number?.replace(/^whatsapp:/, '')
  return phone || inbox.email || inbox.website_url || (inbox.bot_name ? inbox.bot_name : '') || inbox.messaging_service_sid || ''
}

/** A person has to do something before it works, apart from what the registration banner says. */
export function needsAttention(inbox: Inbox): boolean {
  return Boolean(inbox.reauthorization_required || inbox.registration === 'failed' || inbox.webhook_secret_missing)
}

/** The tabs of an inbox's settings, in their order; agents see the health of a number only. */
export type Tab = 'inbox_settings' | 'collaborators' | 'businesshours' | 'csat' | 'preChatForm' | 'widgetBuilder' | 'configuration' | 'botConfiguration' | 'whatsappHealth'

export function tabsOf(inbox: Pick<Inbox, 'channel_type' | 'provider'>, admin: boolean): Tab[] {
  const health: Tab[] = inbox.channel_type === 'Channel::Whatsapp' && inbox.provider === 'whatsapp_cloud' ? ['whatsappHealth'] : []
  if (!admin) return health
  const website: Tab[] = inbox.channel_type === 'Channel::WebWidget' ? ['preChatForm', 'widgetBuilder'] : []
  return ['inbox_settings', 'collaborators', 'businesshours', 'csat', ...website, 'configuration', 'botConfiguration', ...health]
}

/** The public address of this installation can be called by providers. */
export function isPublic(url: string): boolean {
  try {
    const { protocol, hostname } = new URL(url)
    return protocol === 'https:' && !/^(localhost|127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|0\.0\.0\.0|\[)/.test(hostname) && hostname.includes('.')
  } catch {
    return false
  }
}
