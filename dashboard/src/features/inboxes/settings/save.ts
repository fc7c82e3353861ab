import { useI18n } from 'vue-i18n'
import type { Inbox } from '@/data/directory'
import { useUI } from '@/data/ui'
import { useForm, useLeaveGuard, type Form } from '@/ui/form'
import * as calls from '../calls'
import { useDraft, type Draft } from '../draft'

/** A form over an inbox: what is changed is sent, and nothing else. */
export function useSettings<T extends object>(
  accountId: number,
  inbox: () => Inbox,
  read: (inbox: Inbox) => T,
  body: (changes: Partial<T>, values: T) => Record<string, unknown>,
  saved: (inbox: Inbox) => void,
  fields: readonly string[] = [],
): { form: Form; draft: Draft<T>; save: () => Promise<Inbox | null> } {
  const { t } = useI18n()
  const ui = useUI()
  const form = useForm(fields)
  const draft = useDraft(() => read(inbox()))
  useLeaveGuard(() => draft.dirty.value)

  async function save(): Promise<Inbox | null> {
    let stored: Inbox | null = null
    const ok = await form.submit(async () => {
      stored = await calls.change(accountId, inbox().id, body(draft.changes(), draft.values))
      saved(stored)
    })
    if (ok) ui.toast(t('ui.saved'))
    return stored
  }
  return { form, draft, save }
}
