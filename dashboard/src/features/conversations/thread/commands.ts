import { ref, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import type { Actions } from '@/data/desk/actions'
import type { Conversation } from '@/data/desk/types'
import { useKeys } from '@/data/keys'
import { useUI } from '@/data/ui'

/** Which chooser of the header is open. */
export type Chooser = 'assign' | 'team' | 'label' | 'priority' | 'snooze' | 'macro' | null

interface Around {
  conversation: () => Conversation
  me: () => number
  actions: Actions
  /** After resolving: the next conversation, or what the user prefers. */
  after: () => void
  write: (mode: 'reply' | 'note') => void
  toggleDetails: () => void
  back: () => void
  unread: () => void
}

/** What the keyboard does to the open conversation. */
export function useThreadCommands(a: Around): { chooser: Ref<Chooser>; copyLink: () => Promise<void>; resolve: (andNext: boolean) => void } {
  const { t } = useI18n()
  const ui = useUI()
  const router = useRouter()
  const chooser = ref<Chooser>(null)
  const c = () => a.conversation()

  function resolve(andNext: boolean): void {
    const done = c().status === 'resolved'
    void a.actions.status(c(), done ? 'open' : 'resolved')
    if (!done && andNext) a.after()
  }

  async function copyLink(): Promise<void> {
    const { href } = router.resolve({ name: 'conversation', params: { accountId: router.currentRoute.value.params.accountId, conversationId: c().id } })
    await navigator.clipboard?.writeText(new URL(href, location.href).href).then(
      () => ui.toast(t('ui.copied')),
      () => ui.toast(t('conversations.noClipboard'), true),
    )
  }

  const open = (what: Chooser) => () => (chooser.value = what)
  useKeys([
    { keys: 'r', where: 'conversation', label: 'keys.reply', opensField: true, act: () => a.write('reply') },
    { keys: 'n', where: 'conversation', label: 'keys.note', opensField: true, act: () => a.write('note') },
    { keys: 'e', where: 'conversation', label: 'keys.resolve', act: () => resolve(false) },
    { keys: 'Shift+E', where: 'conversation', label: 'keys.resolveNext', act: () => resolve(true) },
    { keys: 'i', where: 'conversation', label: 'keys.mine', act: () => a.actions.assign(c(), a.me()) },
    { keys: 'a', where: 'conversation', label: 'keys.assign', opensField: true, act: open('assign') },
    { keys: 't', where: 'conversation', label: 'keys.team', opensField: true, act: open('team') },
    { keys: 'l', where: 'conversation', label: 'keys.label', opensField: true, act: open('label') },
    { keys: 'p', where: 'conversation', label: 'keys.priority', opensField: true, act: open('priority') },
    { keys: 's', where: 'conversation', label: 'keys.snooze', opensField: true, act: open('snooze') },
    { keys: 'm', where: 'conversation', label: 'keys.macro', opensField: true, act: open('macro') },
    { keys: 'u', where: 'conversation', label: 'keys.unread', act: a.unread },
    { keys: 'd', where: 'conversation', label: 'keys.details', act: a.toggleDetails },
    { keys: 'y', where: 'conversation', label: 'keys.copyLink', act: copyLink },
    { keys: 'b', where: 'conversation', label: 'keys.back', act: a.back },
  ])
  return { chooser, copyLink, resolve }
}
