import { useI18n } from 'vue-i18n'
import { useDirectory } from '@/data/directory'
import { keyOf, nameOf, valueOf, type Audit } from './changes'

/** Entries of the log in words; names are those that other entries know. */
export function useAuditWords(names: () => ReadonlyMap<string, string>) {
  const { t, te } = useI18n()
  const directory = useDirectory()

  function person(id: string): string {
    const agent = directory.agentOf.get(Number(id))
    return agent ? agent.available_name || agent.email : t('audit.number', { id })
  }
  const inbox = (id: string) => directory.inboxOf.get(Number(id))?.name ?? t('audit.number', { id })
  const team = (id: string) => directory.teamOf.get(Number(id))?.name ?? t('audit.number', { id })

  function what(a: Audit): string {
    switch (a.auditable_type) {
      case 'AccountUser': {
        const own = a.auditable as { user_id?: unknown } | null
        const id = valueOf(a, 'user_id') || (own?.user_id ? String(own.user_id) : '')
        return id ? person(id) : t('audit.number', { id: a.auditable_id })
      }
      case 'InboxMember':
      case 'TeamMember':
        return person(valueOf(a, 'user_id'))
      case 'Conversation':
        return valueOf(a, 'display_id') ? t('audit.number', { id: valueOf(a, 'display_id') }) : ''
    }
    return nameOf(a) || names().get(keyOf(a)) || t('audit.number', { id: a.auditable_id })
  }

  const who = (a: Audit): string => {
    const agent = a.user_id === null ? undefined : directory.agentOf.get(a.user_id)
    return agent ? agent.available_name || agent.email : (a.username ?? t('audit.server'))
  }

  /** The whole entry as a sentence. */
  function sentence(a: Audit): string {
    const key = `${a.auditable_type}_${a.action}`
    const place = a.auditable_type === 'InboxMember' ? inbox(valueOf(a, 'inbox_id')) : a.auditable_type === 'TeamMember' ? team(valueOf(a, 'team_id')) : ''
    if (te(`audit.did.${key}`)) return t(`audit.did.${key}`, { who: who(a), what: what(a), place })
    return t('audit.other', { who: who(a), action: a.action, type: a.auditable_type, id: a.auditable_id })
  }

  return { who, sentence }
}
