import type { Availability, MFAState, User } from './types'
import { call } from './transport'

const me = '/api/v1/profile'

const user = async (method: string, path: string, body?: unknown) =>
  (await call<User>(method, path, body === undefined ? {} : { body })).data

export interface ProfileChange {
  name?: string
  display_name?: string
  email?: string
  message_signature?: string
  ui_settings?: Record<string, unknown>
  current_password?: string
  password?: string
  password_confirmation?: string
}

export const show = () => user('GET', me)
export const update = (profile: ProfileChange) => user('PATCH', me, { profile })

/** Changes single settings: the API replaces the whole object, so it is read first. */
export async function updateUISettings(change: Record<string, unknown>): Promise<User> {
  const now = await show()
  return update({ ui_settings: { ...now.ui_settings, ...change } })
}

export function uploadAvatar(file: File): Promise<User> {
  const form = new FormData()
  form.append('profile[avatar]', file)
  return user('PATCH', me, form)
}

export const deleteAvatar = () => user('DELETE', `${me}/avatar`)
export const setAvailability = (account_id: number, availability: Availability) =>
  user('POST', `${me}/availability`, { profile: { account_id, availability } })
export const setAutoOffline = (account_id: number, auto_offline: boolean) =>
  user('POST', `${me}/auto_offline`, { profile: { account_id, auto_offline } })
export const resetAccessToken = () => user('POST', `${me}/reset_access_token`)
export const resendConfirmation = () => call('POST', `${me}/resend_confirmation`)

export const mfa = async () => (await call<MFAState>('GET', `${me}/mfa`)).data
export const startMFA = async () => (await call<{ provisioning_url: string; secret: string }>('POST', `${me}/mfa`)).data
export const verifyMFA = async (otp_code: string) =>
  (await call<{ enabled: boolean; backup_codes?: string[] }>('POST', `${me}/mfa/verify`, { body: { otp_code } })).data.backup_codes ?? []
export const renewBackupCodes = async (otp_code: string) =>
  (await call<{ backup_codes: string[] }>('POST', `${me}/mfa/backup_codes`, { body: { otp_code } })).data.backup_codes
export const disableMFA = (password: string, otp_code: string) => call('DELETE', `${me}/mfa`, { body: { password, otp_code } })
