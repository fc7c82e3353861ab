import type { Inbox } from '@/data/directory'

/** One side of a mailbox: fetching or sending. */
export type Side = 'imap' | 'smtp'

export interface Mailbox {
  enabled: boolean
  login: string
  password: string
  address: string
  port: string
  security: string // imap: tls, none; smtp: tls, starttls, none
  domain: string
  authentication: string
  verify: string
}

export function mailboxOf(i: Inbox, side: Side): Mailbox {
  const common = (enabled: boolean | undefined, login?: string | null, password?: string | null, address?: string | null, port?: number | null) => ({
    enabled: enabled ?? false, login: login ?? '', password: password ?? '', address: address ?? '', port: port ? String(port) : '',
  })
  if (side === 'imap') {
    return {
      ...common(i.imap_enabled, i.imap_login, i.imap_password, i.imap_address, i.imap_port),
      security: i.imap_enable_ssl === false ? 'none' : 'tls', domain: '', authentication: '', verify: '',
    }
  }
  return {
    ...common(i.smtp_enabled, i.smtp_login, i.smtp_password, i.smtp_address, i.smtp_port),
    security: i.smtp_enable_ssl_tls ? 'tls' : i.smtp_enable_starttls_auto === false ? 'none' : 'starttls',
    domain: i.smtp_domain ?? '', authentication: i.smtp_authentication ?? 'login', verify: i.smtp_openssl_verify_mode ?? 'none',
  }
}

/** The keys of the API. The server tests what is sent, not what is stored: all goes along when it is on. */
export function channelOf(m: Mailbox, side: Side): Record<string, unknown> {
  if (!m.enabled) return { [`${side}_enabled`]: false }
  const common = {
    [`${side}_enabled`]: true, [`${side}_login`]: m.login.trim(), [`${side}_password`]: m.password, [`${side}_address`]: m.address.trim(), [`${side}_port`]: Number(m.port),
  }
  if (side === 'imap') return { ...common, imap_enable_ssl: m.security === 'tls' }
  return {
    ...common, smtp_domain: m.domain.trim(), smtp_authentication: m.authentication, smtp_openssl_verify_mode: m.verify,
    smtp_enable_ssl_tls: m.security === 'tls', smtp_enable_starttls_auto: m.security === 'starttls',
  }
}

/** The port that goes with a way of encryption. */
export function usualPort(side: Side, security: string): string {
  if (side === 'imap') return security === 'tls' ? '993' : '143'
  return security === 'tls' ? '465' : security === 'starttls' ? '587' : '25'
}
