/** How long a row stays that belongs no more, so that one sees it and may undo, in ms. */
const leaving = 6_000

/** Rows on their way out. */
export class Departures {
  private readonly timers = new Map<number, ReturnType<typeof setTimeout>>()

  constructor(private readonly gone: (id: number) => void) {}

  depart(id: number): void {
    if (this.timers.has(id)) return
    this.timers.set(id, setTimeout(() => {
      this.timers.delete(id)
      this.gone(id)
    }, leaving))
  }

  stay(id: number): void {
    clearTimeout(this.timers.get(id))
    this.timers.delete(id)
  }

  clear(): void {
    for (const t of this.timers.values()) clearTimeout(t)
    this.timers.clear()
  }
}
