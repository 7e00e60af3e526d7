/**
 * Collects what arrives and hands it over once per interval: 200 changes in a second are one repaint
 * every 100 ms at most, and a single change waits no longer than that.
 */
export class Batch<T> {
  private waiting: T[] = []
  private timer: ReturnType<typeof setTimeout> | null = null

  constructor(
    private readonly hand: (items: T[]) => void,
    private readonly intervalMs = 100,
  ) {}

  /** Adds items; they are handed over together with what else comes within the interval. */
  add(...items: T[]): void {
    if (items.length === 0) return
    this.waiting.push(...items)
    this.timer ??= setTimeout(() => this.flush(), this.intervalMs)
  }

  /** Hands over at once. */
  flush(): void {
    if (this.timer) clearTimeout(this.timer)
    this.timer = null
    const items = this.waiting
    this.waiting = []
    if (items.length > 0) this.hand(items)
  }

  /** Throws away what waits. */
  clear(): void {
    if (this.timer) clearTimeout(this.timer)
    this.timer = null
    this.waiting = []
  }
}
