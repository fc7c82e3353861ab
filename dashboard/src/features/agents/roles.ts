import type { Agent, CustomRole, Role } from '@/api/types'

/** A choice of the role field: a role of its own, or an agent with a custom role. */
export function roleValue(a: Pick<Agent, 'role' | 'custom_role_id'>): string {
  return a.custom_role_id ? `custom:${a.custom_role_id}` : a.role
}

/** What a choice means. An administrator with a custom role stays one. */
export function roleChange(value: string, before?: Role): { role: Role; custom_role_id: number | null } {
  if (value.startsWith('custom:')) return { role: before ?? 'agent', custom_role_id: Number(value.slice(7)) }
  return { role: value as Role, custom_role_id: null }
}

export function customRoleName(a: Agent, roles: readonly CustomRole[]): string | undefined {
  return roles.find((r) => r.id === a.custom_role_id)?.name
}

/** Nobody could administer the account without this one. */
export function isLastAdministrator(a: Agent, all: readonly Agent[]): boolean {
  return a.role === 'administrator' && all.filter((x) => x.role === 'administrator').length === 1
}
