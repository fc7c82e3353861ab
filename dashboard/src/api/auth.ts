import type { User } from './types'
import { call } from './transport'

export type SignInResult = { user: User } | { mfaToken: string }

interface SignInAnswer {
  data?: User
  mfa_required?: boolean
  mfa_token?: string
}

async function signInWith(body: Record<string, string>): Promise<SignInResult> {
  const { data } = await call<SignInAnswer>('POST', '/auth/sign_in', { body, anonymous: true })
  if (data.mfa_token) return { mfaToken: data.mfa_token }
  return { user: data.data as User }
}

export const signIn = (email: string, password: string) => signInWith({ email, password })
export const signInBySSO = (email: string, token: string) => signInWith({ email, sso_auth_token: token })
export const verifyCode = (token: string, code: string) => signInWith({ mfa_token: token, otp_code: code })
export const verifyBackupCode = (token: string, code: string) => signInWith({ mfa_token: token, backup_code: code })

export async function validate(): Promise<User> {
  const { data } = await call<{ payload: { data: User } }>('GET', '/auth/validate_token')
  return data.payload.data
}

export const signOut = () => call('DELETE', '/auth/sign_out', { anonymous: false })

export const requestReset = (email: string) => call('POST', '/auth/password', { body: { email }, anonymous: true })

export async function setPassword(token: string, password: string, confirmation: string): Promise<User> {
  const body = { reset_password_token: token, password, password_confirmation: confirmation }
  const { data } = await call<{ data: User }>('PUT', '/auth/password', { body, anonymous: true })
  return data.data
}

export async function confirm(token: string): Promise<User> {
  const { data } = await call<{ data: User }>('POST', '/auth/confirmation', { body: { confirmation_token: token }, anonymous: true })
  return data.data
}

export interface SignUp {
  account_name: string
  user_full_name: string
  email: string
  password: string
  locale: string
}

export const signUp = (body: SignUp) => call('POST', '/api/v1/accounts', { body, anonymous: true })
