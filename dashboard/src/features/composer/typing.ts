import { onScopeDispose } from 'vue'
import { api } from '@/api/client'

const again = 10_000
const idle = 3_000

export interface Typing {
  /** A key was pressed. */
  key: (isPrivate: boolean) => void
  stop: () => void
}

/** Tells others that somebody writes: at the first key, every 10 s, until 3 s without a key. */
export function useTyping(accountId: number, conversationId: number): Typing {
  let toldAt = 0
  let asNote = false
  let timer: ReturnType<typeof setTimeout> | undefined

  function tell(status: 'on' | 'off'): void {
    // Nobody misses it when it does not arrive.
    void api('post', '/api/v1/accounts/{account_id}/conversations/{id}/toggle_typing_status', {
      path: { account_id: accountId, id: conversationId },
      body: { typing_status: status, is_private: asNote },
    }).catch(() => {})
  }

  function stop(): void {
    clearTimeout(timer)
    if (!toldAt) return
    toldAt = 0
    tell('off')
  }

  function key(isPrivate: boolean): void {
    if (toldAt && isPrivate !== asNote) stop()
    asNote = isPrivate
    if (Date.now() - toldAt >= again) {
      toldAt = Date.now()
      tell('on')
    }
    clearTimeout(timer)
    timer = setTimeout(stop, idle)
  }

  onScopeDispose(stop)
  return { key, stop }
}
