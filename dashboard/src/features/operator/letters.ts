import { api } from '@/api/client'

/** Which dead letters: of a channel, of a group; empty is all. */
export interface Match {
  channel: string
  reason: string
}

/** How many letters match, and the moment up to which they died. */
export async function count(match: Match): Promise<{ matched: number; before: string; partial: boolean }> {
  return api('post', '/api/v1/operator/events/replay', { body: { ...match, dry_run: true } })
}

/** Replays what was counted, round by round; told after each how many were replayed. Gives their number. */
export async function replay(match: Match, before: string, told: (done: number) => void): Promise<number> {
  let done = 0
  for (;;) {
    const round = await api('post', '/api/v1/operator/events/replay', { body: { ...match, before }, timeout: 30_000 })
    done += round.replayed
    told(done)
    if (round.left === 0 || round.replayed === 0) return done
  }
}
