import type { Account, Agent, Availability, CustomRole, Role } from './types'
import { call } from './transport'

const at = (id: number) => `/api/v1/accounts/${id}`

export interface AccountChange {
  name?: string
  locale?: string
  domain?: string
  support_email?: string
  timezone?: string
}

export const account = async (id: number) => (await call<Account>('GET', at(id))).data
export const updateAccount = async (id: number, body: AccountChange) => (await call<Account>('PATCH', at(id), { body })).data
export const activate = (id: number) => call('POST', `${at(id)}/update_active_at`)

export interface AgentChange {
  name?: string
  email?: string
  role?: Role
  availability?: Availability
  /** Always sent: leaving it out takes a custom role away. */
  custom_role_id: number | null
}

export const agents = async (id: number) => (await call<Agent[]>('GET', `${at(id)}/agents`)).data
export const invite = async (id: number, body: AgentChange) => (await call<Agent>('POST', `${at(id)}/agents`, { body })).data
export const updateAgent = async (id: number, agent: number, body: AgentChange) =>
  (await call<Agent>('PATCH', `${at(id)}/agents/${agent}`, { body })).data
export const removeAgent = (id: number, agent: number) => call('DELETE', `${at(id)}/agents/${agent}`)
export const customRoles = async (id: number) => (await call<CustomRole[]>('GET', `${at(id)}/custom_roles`)).data
