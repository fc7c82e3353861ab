import { useI18n } from 'vue-i18n'
import { api } from '@/api/client'
import { ApiError } from '@/api/errors'
import { useDirectory } from '@/data/directory'
import { useUI } from '@/data/ui'
import { useConversations } from './conversations'
import type { Conversation, Priority, Status } from './types'

/** How long something can be taken back, in ms. */
const undoTime = 6_000

export interface Actions {
  status: (c: Conversation, status: Status, until?: number) => Promise<void>
  assign: (c: Conversation, agent: number | null) => Promise<void>
  team: (c: Conversation, team: number | null) => Promise<void>
  labels: (c: Conversation, labels: readonly string[]) => Promise<void>
  priority: (c: Conversation, priority: Priority) => Promise<void>
  mute: (c: Conversation, muted: boolean) => Promise<void>
  seen: (c: Conversation) => Promise<void>
  unread: (c: Conversation) => Promise<void>
  remove: (c: Conversation) => Promise<void>
}

/**
 * What an agent does to a conversation: shown at once, taken back when the server
 * refuses, and by Undo where it can be. For set-up functions of components.
 */
export function useActions(): Actions {
  const { t } = useI18n()
  const ui = useUI()
  const directory = useDirectory()
  const conversations = useConversations()
  const path = (c: Conversation) => ({ account_id: directory.account, id: c.id })
  const nested = (c: Conversation) => ({ account_id: directory.account, conversation_id: c.id })

  function fail(e: unknown): void {
    ui.toast(e instanceof ApiError ? e.text || t(`failure.${e.kind}`) : String(e), true)
  }

  /** Shows a change, makes it, offers to take it back. */
  async function change(c: Conversation, what: Partial<Conversation>, call: () => Promise<unknown>, undo?: { text: string; back: () => Promise<unknown> }, late = false): Promise<void> {
    const takeBack = conversations.patch(c.id, what)
    if (undo && late) {
      // What cannot be taken back once it is made waits instead.
      if (!(await ui.undoable(undo.text, undoTime))) return takeBack()
    } else if (undo) {
      void ui.undoable(undo.text, undoTime).then(async (kept) => {
        if (kept) return
        takeBack()
        await undo.back().catch(fail)
      })
    }
    try {
      await call()
    } catch (e) {
      takeBack()
      fail(e)
    }
  }

  const toggle = (c: Conversation, status: Status, until?: number) =>
    api('post', '/api/v1/accounts/{account_id}/conversations/{id}/toggle_status', {
      path: path(c), body: { status, ...(until ? { snoozed_until: Math.floor(until / 1000) } : {}) },
    })
  const setAssignee = (c: Conversation, id: number | null) =>
    api('post', '/api/v1/accounts/{account_id}/conversations/{conversation_id}/assignments', { path: nested(c), body: { assignee_id: id ?? 0 } })
  const setTeam = (c: Conversation, id: number | null) =>
    api('post', '/api/v1/accounts/{account_id}/conversations/{conversation_id}/assignments', { path: nested(c), body: { team_id: id ?? 0 } })
  const setLabels = (c: Conversation, labels: readonly string[]) =>
    api('post', '/api/v1/accounts/{account_id}/conversations/{conversation_id}/labels', { path: nested(c), body: { labels: [...labels] } })

  return {
    status: (c, status, until) => {
      const survey = status === 'resolved' && directory.inboxOf.get(c.inboxId)?.csat_survey_enabled === true
      const text = t(`desk.did.${status}`, { name: c.contact.name || `#${c.id}` })
      const what = { status, snoozedUntil: status === 'snoozed' ? (until ?? 0) : 0 }
      return change(c, what, () => toggle(c, status, until), { text, back: () => toggle(c, c.status, c.snoozedUntil || undefined) }, survey)
    },
    assign: (c, agent) => {
      const a = agent === null ? undefined : directory.agentOf.get(agent)
      const assignee = a ? { id: a.id, name: a.available_name || a.name, avatar: a.thumbnail } : null
      const text = assignee ? t('desk.did.assigned', { name: assignee.name }) : t('desk.did.unassigned')
      return change(c, { assignee }, () => setAssignee(c, agent), { text, back: () => setAssignee(c, c.assignee?.id ?? null) })
    },
    team: (c, team) => change(c, { teamId: team }, () => setTeam(c, team)),
    labels: (c, labels) => change(c, { labels }, () => setLabels(c, labels)),
    priority: (c, priority) =>
      change(c, { priority }, () => api('post', '/api/v1/accounts/{account_id}/conversations/{id}/toggle_priority', { path: path(c), body: { priority } })),
    mute: (c, muted) =>
      change(c, { muted }, () =>
        muted
          ? api('post', '/api/v1/accounts/{account_id}/conversations/{id}/mute', { path: path(c) })
          : api('post', '/api/v1/accounts/{account_id}/conversations/{id}/unmute', { path: path(c) }),
      ),
    seen: async (c) => {
      const back = conversations.patch(c.id, { unread: 0 })
      // Nobody is told: it is tried again with the next message.
      await api('post', '/api/v1/accounts/{account_id}/conversations/{id}/update_last_seen', { path: path(c) }).catch(back)
    },
    unread: (c) => change(c, { unread: Math.max(1, c.unread) }, async () => {
      conversations.take(await api('post', '/api/v1/accounts/{account_id}/conversations/{id}/unread', { path: path(c) }))
    }),
    remove: async (c) => {
      try {
        await api('delete', '/api/v1/accounts/{account_id}/conversations/{id}', { path: path(c) })
        conversations.all.delete(c.id)
      } catch (e) {
        fail(e)
      }
    },
  }
}
