import { playTone } from '@/lib/tones'
import { useEvent, type Events } from '@/realtime/events'
import { useIdentity } from './identity'
import { usePreferences, type Preferences } from './preferences'

/** What decides whether something rings. */
export interface Occasion {
  /** It reaches the person's own inbox, or a conversation of theirs. */
  mine: boolean
  /** The window is in front, and shows this conversation. */
  inView: boolean
  /** The window is in front. */
  inFront: boolean
}

/** Nothing rings that one is looking at; in front only where that is wanted. */
export function rings(o: Occasion, p: Pick<Preferences, 'sounds' | 'soundAlways'>): boolean {
  if (p.sounds === 'none' || o.inView) return false
  if (p.sounds === 'mine' && !o.mine) return false
  return p.soundAlways || !o.inFront
}

const showsConversation = (id: number) => new RegExp(`/conversations/${id}$`).test(location.pathname)

/**
 * Of several windows one alone rings: who gets the lock of the occasion. A window in front
 * is first to ask, so that it can keep the others silent.
 */
async function ring(key: string, conversation: number, mine: boolean): Promise<void> {
  const { values } = usePreferences()
  if (values.sounds === 'none') return
  const inFront = document.hasFocus()
  if (!inFront) await new Promise((r) => setTimeout(r, 200))
  const act = async () => {
    if (rings({ mine, inFront, inView: inFront && showsConversation(conversation) }, values)) await playTone(values.tone)
    await new Promise((r) => setTimeout(r, 2000))
  }
  // Without https browsers have no locks.
  if ('locks' in navigator) await navigator.locks.request(`ring ${key}`, { ifAvailable: true }, async (lock) => (lock ? act() : undefined))
  else await act()
}

/** Rings for messages of customers and for what reaches one's inbox, as long as the store that calls this lives. */
export function useAlerts(): void {
  const identity = useIdentity()
  useEvent('message.created', (m: Events['message.created']) => {
    if (m.message_type !== 0 || m.private) return
    void ring(`message ${m.id}`, m.conversation_id, m.conversation?.assignee_id === identity.user?.id)
  })
  useEvent('notification.created', (e) => {
    const { id, notification_type, primary_actor } = (e.notification ?? {}) as { id?: number; notification_type?: string; primary_actor?: { id?: number } }
    // Of a new message its own event tells.
    if (id === undefined || notification_type?.endsWith('_new_message')) return
    void ring(`notification ${id}`, primary_actor?.id ?? 0, true)
  })
}

/** The worker that shows pushes; pages of an account start it where somebody subscribed. */
export async function pushWorker(): Promise<ServiceWorkerRegistration | null> {
  if (!('serviceWorker' in navigator) || !('PushManager' in window)) return null
  return navigator.serviceWorker.register('/app/sw.js', { scope: '/app/' })
}
