import { computed, onScopeDispose, reactive, watch, type ComputedRef } from 'vue'
import { api } from '@/api/client'
import { now } from '@/data/clock'
import { useEvent } from '@/realtime/events'

/** A typist who says nothing more for this long stopped. */
const typingTime = 30_000
const viewingEvery = 10_000

/** Who else looks at a conversation, and who writes in it. */
export function useCompany(account: () => number, conversation: () => number | null, me: () => number): { viewers: ComputedRef<string[]>; typing: ComputedRef<string[]> } {
  const looking = reactive(new Map<number, { name: string; until: number }>())
  const writing = reactive(new Map<string, { name: string; until: number }>())

  useEvent('conversation.viewers', (data) => {
    const d = data as { conversation_id?: number; users?: { id: number; name?: string; available_name?: string }[] }
    if (d.conversation_id !== conversation()) return
    looking.clear()
    for (const v of d.users ?? []) if (v.id !== me()) looking.set(v.id, { name: v.available_name || v.name || '', until: Date.now() + 2 * viewingEvery })
  })
  useEvent(['conversation.typing_on', 'conversation.typing_off'], (data, name) => {
    if (data.conversation.id !== conversation()) return
    const key = `${data.user.type ?? 'user'} ${data.user.id}`
    if (data.user.type !== 'contact' && data.user.id === me()) return
    if (name === 'conversation.typing_on') writing.set(key, { name: data.user.name, until: Date.now() + typingTime })
    else writing.delete(key)
  })
  useEvent('message.created', (m) => {
    if (m.conversation_id !== conversation()) return
    const sender = m.sender as { id?: number; type?: string } | undefined
    writing.delete(`${sender?.type ?? 'user'} ${sender?.id}`)
  })

  const say = () => {
    const id = conversation()
    if (id && !document.hidden) {
      api('post', '/api/v1/accounts/{account_id}/conversations/{id}/viewing', { path: { account_id: account(), id } }).catch(() => {})
    }
  }
  watch(conversation, () => {
    looking.clear()
    writing.clear()
    say()
  }, { immediate: true })
  const timer = setInterval(say, viewingEvery)
  onScopeDispose(() => clearInterval(timer))

  const names = (of: Map<unknown, { name: string; until: number }>) => [...of.values()].filter((x) => x.until > Math.max(now.value, Date.now())).map((x) => x.name)
  return { viewers: computed(() => names(looking)), typing: computed(() => names(writing)) }
}
