import type { Schema } from '@/api/client'

/**
 * The rules that the server switched off, and when (seconds since 1970): the audit log, the
 * newest entry first, has a change of theirs by nobody. Whoever switches one on or off
 * after that is somebody.
 */
export function switchedOff(audits: readonly Schema<'Audit'>[]): Map<number, number> {
  const out = new Map<number, number>()
  const seen = new Set<number>()
  for (const a of audits) {
    const active = a.audited_changes.active
    if (a.auditable_type !== 'AutomationRule' || a.action !== 'update' || !Array.isArray(active) || seen.has(a.auditable_id)) continue
    seen.add(a.auditable_id)
    if (a.user_id === null && active[1] === false) out.set(a.auditable_id, a.created_at)
  }
  return out
}
