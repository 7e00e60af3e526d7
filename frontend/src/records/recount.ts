import type { Query as CachedQuery } from '@tanstack/vue-query'
import type { AnyRecord } from '@/api/types'
import { withTotal, type ListData, type LiveList } from './listLive'

/** A list in doubt about its total asks at most so often. */
const pauseMs = 1_000

/** Has the server count lists whose total nobody here can tell any more. */
export class Recount {
  /** Lists that are being counted, and whether something has changed since the question. */
  private readonly running = new Map<string, boolean>()

  constructor(private readonly write: (query: CachedQuery, data: unknown) => void) {}

  /** Counts a list again, soon; one that is not shown is loaded anew when it is next shown. */
  request(query: CachedQuery, live: LiveList): void {
    if (this.running.has(query.queryHash)) return this.outdate(query)
    if (!query.isActive()) return void query.invalidate()
    this.running.set(query.queryHash, false)
    setTimeout(() => void this.ask(query, live), pauseMs)
  }

  /** Tells that a total has changed: an answer under way may or may not know of it, so one more is asked for. */
  outdate(query: CachedQuery): void {
    if (this.running.has(query.queryHash)) this.running.set(query.queryHash, true)
  }

  private async ask(query: CachedQuery, live: LiveList): Promise<void> {
    this.running.set(query.queryHash, false)
    const told = await live.count?.().catch(() => undefined)
    const data = query.state.data as ListData<AnyRecord> | undefined
    if (told && data) this.write(query, withTotal(data, told))
    const isOld = this.running.get(query.queryHash) === true
    this.running.delete(query.queryHash)
    if (isOld) this.request(query, live)
  }
}
