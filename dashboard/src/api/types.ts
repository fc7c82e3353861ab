// The shapes of the API, as far as the screens read them.

export type Role = 'agent' | 'administrator'
export type Availability = 'online' | 'busy' | 'offline'

export interface CustomRole {
  id: number
  name: string
  description: string | null
  permissions: string[]
}

export interface Membership {
  id: number
  name: string
  status: 'active' | 'suspended'
  active_at: string | null
  role: Role
  permissions: string[]
  availability: Availability
  availability_status: Availability
  auto_offline: boolean
  custom_role_id: number | null
  custom_role: CustomRole | null
}

export interface User {
  id: number
  name: string
  display_name: string | null
  available_name: string
  email: string
  uid: string
  provider: string
  confirmed: boolean
  type: string | null
  avatar_url: string
  message_signature: string | null
  access_token: string
  pubsub_token: string
  ui_settings: Record<string, unknown>
  account_id: number | null
  role: Role | null
  accounts: Membership[]
}

export interface Account {
  id: number
  name: string
  locale: string
  status: 'active' | 'suspended'
  domain: string | null
  support_email: string | null
  features: Record<string, boolean>
  custom_attributes?: Record<string, unknown>
}

export interface Agent {
  id: number
  email: string
  name: string
  available_name: string
  confirmed: boolean
  role: Role
  availability_status: Availability
  auto_offline: boolean
  thumbnail: string
  custom_role_id: number | null
}

export interface MFAState {
  feature_available: boolean
  enabled: boolean
  backup_codes_generated: boolean
}
