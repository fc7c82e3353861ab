import { outgoing, type Message } from '@/data/desk/types'

/** When somebody began to write: after which message, or at what time (a draft of an earlier visit). */
export type Begun = { after: number } | { at: number }

/** Answers that colleagues gave to the customer since then. */
export function repliesSince(messages: readonly Message[], begun: Begun | null, me: number): Message[] {
  if (!begun) return []
  return messages.filter((m) => {
    if (m.message_type !== outgoing || m.private || m.sender?.type !== 'user' || m.sender.id === me) return false
    return 'after' in begun ? m.id > begun.after : m.created_at * 1000 > begun.at
  })
}
