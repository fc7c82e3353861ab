import { ApiError } from '@/api/errors'
import { api, type Schema } from '@/api/client'
import type { Inbox } from '@/data/directory'
import type { Health, Registration } from './whatsapp/health'

/** The calls of this feature, in one place: what the document leaves open is narrowed here. */

export type WebhookStatus = Schema<'WebhookStatus'>
export type Attempt = Schema<'Attempt'>
type Settings = NonNullable<NonNullable<Parameters<typeof api<'patch', '/api/v1/accounts/{account_id}/inboxes/{id}'>>[2]>['body']>

/** Providers are asked while the browser waits. */
const slow = 60_000

const at = (account_id: number, id: number) => ({ account_id, id })

export const readInbox = (accountId: number, id: number): Promise<Inbox> => api('get', '/api/v1/accounts/{account_id}/inboxes/{id}', { path: at(accountId, id) })

export const change = (accountId: number, id: number, body: Record<string, unknown>): Promise<Inbox> =>
  api('patch', '/api/v1/accounts/{account_id}/inboxes/{id}', { path: at(accountId, id), body: body as Settings, timeout: slow })

/** A picture goes as a form; null takes it away. */
export async function setPicture(accountId: number, id: number, file: File | null): Promise<Inbox> {
  if (!file) {
    await api('delete', '/api/v1/accounts/{account_id}/inboxes/{id}/avatar', { path: at(accountId, id) })
    return readInbox(accountId, id)
  }
  const form = new FormData()
  form.append('avatar', file)
  return api('patch', '/api/v1/accounts/{account_id}/inboxes/{id}', { path: at(accountId, id), body: form, timeout: slow })
}

export const create = (account_id: number, name: string, channel: Record<string, unknown>): Promise<Inbox> =>
  api('post', '/api/v1/accounts/{account_id}/inboxes', { path: { account_id }, body: { ...(name ? { name } : {}), channel }, timeout: slow })

export const createTwilio = (account_id: number, twilio_channel: Record<string, unknown>): Promise<Inbox> =>
  api('post', '/api/v1/accounts/{account_id}/channels/twilio_channel', { path: { account_id }, body: { twilio_channel }, timeout: slow })

export const remove = (accountId: number, id: number) => api('delete', '/api/v1/accounts/{account_id}/inboxes/{id}', { path: at(accountId, id) })

export const members = async (account_id: number, inbox_id: number) =>
  (await api('get', '/api/v1/accounts/{account_id}/inbox_members/{inbox_id}', { path: { account_id, inbox_id } })).payload

export const setMembers = async (account_id: number, inbox_id: number, user_ids: number[]) =>
  (await api('patch', '/api/v1/accounts/{account_id}/inbox_members', { path: { account_id }, body: { inbox_id, user_ids } })).payload

export const webhookStatus = (accountId: number, id: number): Promise<WebhookStatus> =>
  api('get', '/api/v1/accounts/{account_id}/inboxes/{id}/webhook_status', { path: at(accountId, id) })

/** The same of an API inbox: nobody calls us for it, its conversations tell. */
export async function apiStatus(account_id: number, inbox_id: number): Promise<WebhookStatus> {
  const found = await api('get', '/api/v1/accounts/{account_id}/conversations', { path: { account_id }, query: { inbox_id, 'status[]': ['all'], sort_by: 'created_at_asc' } })
  const first = found.data.payload[0]
  const at = first ? new Date(first.created_at * 1000).toISOString() : null
  return { callback_url: null, verified_at: null, first_event_at: at, last_event_at: at, last_conversation_id: first?.id ?? null, rejected_24h: {} }
}

export const syncTemplates = (accountId: number, id: number) => api('post', '/api/v1/accounts/{account_id}/inboxes/{id}/sync_templates', { path: at(accountId, id) })

export const bots = (account_id: number) => api('get', '/api/v1/accounts/{account_id}/agent_bots', { path: { account_id } })

export const botOf = async (accountId: number, id: number) =>
  (await api('get', '/api/v1/accounts/{account_id}/inboxes/{id}/agent_bot', { path: at(accountId, id) })).agent_bot ?? null

export const setBot = (accountId: number, id: number, agent_bot: number | null) =>
  api('post', '/api/v1/accounts/{account_id}/inboxes/{id}/set_agent_bot', { path: at(accountId, id), body: { agent_bot: agent_bot === null ? null : String(agent_bot) } })

/** What is known of a number: the answer, or why there is no fresh one with the last good one. */
export interface HealthAnswer {
  health: Health | null
  /** Why it could not be read from Meta. */
  problem: ApiError | null
}

/** The health of a number; stored: Meta is not asked. */
export async function health(accountId: number, id: number, stored: boolean): Promise<HealthAnswer> {
  try {
    const query = stored ? { refresh: 'false' } : {}
    const found = await api('get', '/api/v1/accounts/{account_id}/inboxes/{id}/health', { path: at(accountId, id), query, timeout: slow })
    return { health: found, problem: null }
  } catch (e) {
    if (!(e instanceof ApiError) || e.status !== 422) throw e
    const body = e.body as Partial<Schema<'HealthProblem'>> | null
    return { health: body?.last_known ?? null, problem: e }
  }
}

/** One attempt to register; what refuses it tells where the registration stands, too. */
export async function register(accountId: number, id: number, pin?: string, reset?: boolean): Promise<Registration> {
  const body = { ...(pin ? { pin } : {}), ...(reset ? { reset_pin: true } : {}) }
  return (await api('post', '/api/v1/accounts/{account_id}/inboxes/{id}/register_number', { path: at(accountId, id), body, timeout: slow })).registration
}

/** Where the registration stands, of a refusal that says so. */
export function registrationIn(e: unknown): Registration | null {
  if (!(e instanceof ApiError)) return null
  const body = e.body as { registration?: Registration } | null
  return body?.registration ?? null
}

export const registerWebhook = (accountId: number, id: number) =>
  api('post', '/api/v1/accounts/{account_id}/inboxes/{id}/register_webhook', { path: at(accountId, id), timeout: slow })

export const requestCode = (accountId: number, id: number, code_method: 'SMS' | 'VOICE', language: string) =>
  api('post', '/api/v1/accounts/{account_id}/inboxes/{id}/request_code', { path: at(accountId, id), body: { code_method, language }, timeout: slow })

export const verifyCode = (accountId: number, id: number, code: string) =>
  api('post', '/api/v1/accounts/{account_id}/inboxes/{id}/verify_code', { path: at(accountId, id), body: { code }, timeout: slow })

export const attempts = async (accountId: number, id: number, page: number): Promise<Attempt[]> =>
  (await api('get', '/api/v1/accounts/{account_id}/inboxes/{id}/registration_attempts', { path: at(accountId, id), query: { page } })).payload ?? []

export interface Signup {
  code: string
  waba_id: string
  business_id?: string
  phone_number_id?: string
  event?: string
  inbox_id?: number
}

/** What Meta's dialog gave becomes an inbox, or its new token. */
export const authorize = (account_id: number, body: Signup) =>
  api('post', '/api/v1/accounts/{account_id}/whatsapp/authorization', { path: { account_id }, body, timeout: slow })

export interface Page {
  id: string
  name: string
  access_token: string
  exists: boolean
}

export async function facebookPages(account_id: number, omniauth_token: string): Promise<{ pages: Page[]; user: string }> {
  const { data } = await api('post', '/api/v1/accounts/{account_id}/callbacks/facebook_pages', { path: { account_id }, body: { omniauth_token }, timeout: slow })
  return { pages: data.page_details as unknown as Page[], user: data.user_access_token }
}

export const registerPage = (account_id: number, page: Page, user_access_token: string, inbox_name: string) =>
  api('post', '/api/v1/accounts/{account_id}/callbacks/register_facebook_page', {
    path: { account_id },
    body: { user_access_token, page_access_token: page.access_token, page_id: page.id, inbox_name },
    timeout: slow,
  })

export const reauthorizePage = (account_id: number, inbox_id: number, omniauth_token: string) =>
  api('post', '/api/v1/accounts/{account_id}/callbacks/reauthorize_page', { path: { account_id }, body: { inbox_id, omniauth_token }, timeout: slow })
