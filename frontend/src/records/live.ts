import type { Query as CachedQuery, QueryClient } from '@tanstack/vue-query'
import type { AnyRecord } from '@/api/types'
import { isEcho, isOwnChangeset } from '@/api/versions'
import { isGone, listName, splitType, type BulkEvent, type LiveEvent } from '@/realtime/events'
import { highlight } from './highlights'
import { recordKey } from './keys'
import { belongings } from './links'
import { applyChanges, type Change, type ListData, type LiveList } from './listLive'
import { pendingOf } from './pending'
import { Recount } from './recount'

/** An event with its resource by list name, and what this tab has to do with it. */
export interface AppliedEvent extends LiveEvent {
  /** This tab caused it. */
  isOwn: boolean
  /** This tab shows its outcome already. */
  isEcho: boolean
}

/** A view that works events into its data itself; null asks for a reload. */
export interface LiveView {
  kind: 'view'
  /** List names whose events concern the view. */
  resources: readonly string[]
  /** Works events in; the same event may come twice, `version` tells. */
  apply(data: unknown, events: readonly AppliedEvent[]): unknown
}

/** A view that is simply loaded again, at most once a second, when one of its resources changes. */
export interface LiveReload {
  kind: 'reload'
  resources: readonly string[]
}

declare module '@tanstack/vue-query' {
  interface Register {
    queryMeta: { live?: LiveList<never> | LiveView | LiveReload }
  }
}

/** Longer than any request that may be under way. */
const memoryMs = 30_000
/** Records whose last change is remembered. */
const memorySize = 5_000

/** Works what the server told into the query cache. One instance for the application. */
export class LiveCache {
  private readonly stale = new Map<string, CachedQuery>()
  private timer: ReturnType<typeof setTimeout> | null = null
  private recent: { at: number; event: AppliedEvent }[] = []
  private readonly asked = new WeakMap<CachedQuery, number>()
  private readonly totals = new Recount(write)
  private readonly told = new Map<
    string,
    { version: number; changeset: LiveEvent['changeset_id']; isGone: boolean }
  >()

  constructor(private readonly queries: QueryClient) {
    // An answer that was under way while an event arrived may be older than the event: it is told again.
    queries.getQueryCache().subscribe((notice) => {
      if (notice.type !== 'updated') return
      const { query, action } = notice
      if (action.type === 'fetch') this.asked.set(query, Date.now())
      else if (action.type === 'success' && !action.manual) {
        const since = this.asked.get(query) ?? Infinity
        this.asked.delete(query)
        const missed = this.recent.filter(({ at }) => at >= since).map(({ event }) => event)
        if (missed.length > 0) this.tell(query, missed, newest(missed))
      }
    })
  }

  /** Takes a batch of changes; each query is written once, whatever the batch holds. */
  deliver(raw: readonly LiveEvent[], bulk: readonly BulkEvent[] = []): void {
    const events = raw
      .map((event) => ({
        ...event,
        resource: listName(event.resource),
        isOwn: isOwnChangeset(event.changeset_id),
        isEcho: isEcho(event.changeset_id),
      }))
      .filter((event) => this.isNews(event))
    for (const event of events) this.noteHighlight(event)
    const now = Date.now()
    this.recent = this.recent.filter(({ at }) => at > now - memoryMs)
    this.recent.push(...events.map((event) => ({ at: now, event })))
    const latest = newest(events)
    for (const query of this.queries.getQueryCache().getAll()) {
      this.tell(query, events, latest)
      this.bulk(query, bulk)
    }
  }

  /** Puts a record that this tab has just written wherever it is shown. */
  put(resource: string, record: AnyRecord): void {
    const held = this.queries.getQueryData<AnyRecord>(recordKey(resource, record.id))
    if (!held || (held.version ?? 0) <= (record.version ?? 0)) {
      this.queries.setQueryData(recordKey(resource, record.id), record)
    }
    this.patchLists(resource, [{ id: record.id, version: record.version ?? null, record, isOwn: true }])
    this.tellViews(resource, record.id, record)
  }

  /**
   * Shows a record with changes that the server has not confirmed yet, or takes them back. Does nothing
   * to a place that has moved on to another version meanwhile.
   */
  overlay(resource: string, shown: AnyRecord, version: number | undefined): void {
    const key = recordKey(resource, shown.id)
    if (this.queries.getQueryData<AnyRecord>(key)?.version === version) this.queries.setQueryData(key, shown)
    for (const query of this.queries.getQueryCache().findAll({ queryKey: ['list', resource] })) {
      const data = query.state.data as ListData<AnyRecord> | undefined
      if (
        !data?.pages.some((page) => page.data.some((row) => row.id === shown.id && row.version === version))
      )
        continue
      write(query, {
        ...data,
        pages: data.pages.map((page) =>
          page.data.some((row) => row.id === shown.id)
            ? { ...page, data: page.data.map((row) => (row.id === shown.id ? { ...row, ...shown } : row)) }
            : page,
        ),
      })
    }
  }

  /** Takes a record away wherever it is shown. */
  drop(resource: string, id: number): void {
    this.patchLists(resource, [{ id, version: null, record: null, isOwn: true }])
    this.tellViews(resource, id, null)
  }

  /** Everything on the screen is loaded again; what is not shown, when it is next shown. */
  reset(): void {
    void this.queries.invalidateQueries()
  }

  /**
   * Whether an event tells more than is known. Everything arrives twice, by push and by `/events`, and a push may
   * overtake another: a late one must not bring back what was deleted, nor be counted again.
   */
  private isNews(event: AppliedEvent): boolean {
    if (event.version == null) return true
    const key = `${event.resource}:${event.id}`
    const { changeset_id: changeset } = event
    const version = Math.max(event.version, (event.record as Partial<AnyRecord> | null)?.version ?? 0)
    const now = { version, changeset, isGone: isGone(event) }
    const former = this.told.get(key)
    if (former && former.version > version) return false
    if (former?.version === version && former.changeset === changeset && former.isGone === now.isGone)
      return false
    this.told.delete(key)
    this.told.set(key, now)
    for (const oldest of this.told.keys()) {
      if (this.told.size <= memorySize) break
      this.told.delete(oldest)
    }
    return true
  }

  private tell(query: CachedQuery, events: readonly AppliedEvent[], latest: readonly AppliedEvent[]): void {
    const live = query.meta?.live
    const [kind, resource] = query.queryKey as [string, string]
    if (kind === 'record') this.record(query, latest)
    else if (live?.kind === 'list' && live.needsReload) {
      const concerns = [resource, ...(live.reloadedBy ?? [])]
      if (events.some((event) => concerns.includes(event.resource))) this.reload(query)
    } else if (live?.kind === 'list')
      this.list(
        query,
        live as LiveList,
        latest.filter((e) => e.resource === resource),
      )
    else if (live?.kind === 'view') this.view(query, live, events)
    else if (live?.kind === 'reload' && events.some((e) => live.resources.includes(e.resource)))
      this.reload(query)
    if (kind === 'record' || kind === 'list') this.belonging(query, resource, latest)
  }

  private patchLists(resource: string, changes: Change[]): void {
    for (const query of this.queries.getQueryCache().findAll({ queryKey: ['list', resource] })) {
      const live = query.meta?.live
      if (live?.kind === 'list') this.changeList(query, live as LiveList, changes)
    }
  }

  /** Views hear of own writes as they hear of others'. */
  private tellViews(resource: string, id: number, record: AnyRecord | null): void {
    const event: AppliedEvent = {
      cursor: '',
      type: `${resource}_${record ? 'updated' : 'removed'}`,
      resource,
      id,
      version: record?.version ?? 0,
      changed: [],
      record: record as unknown as Record<string, unknown> | null,
      changeset_id: 0,
      actor: null,
      at: new Date().toISOString(),
      isOwn: true,
      isEcho: true,
    }
    for (const query of this.queries.getQueryCache().getAll()) {
      const live = query.meta?.live
      if (live?.kind === 'view') this.view(query, live, [event])
    }
  }

  private noteHighlight(event: AppliedEvent): void {
    if (!event.isEcho && event.changed.length > 0 && event.record)
      highlight(event.resource, event.id, event.changed)
  }

  private record(query: CachedQuery, events: readonly AppliedEvent[]): void {
    const [, resource, id] = query.queryKey as [string, string, number]
    const held = query.state.data as AnyRecord | undefined
    const event = events.find((e) => e.resource === resource && e.id === id)
    if (!event || !held) return
    if (isGone(event)) return this.reload(query)
    const record = event.record as unknown as AnyRecord
    if (event.version != null && (held.version ?? 0) >= event.version) return
    write(query, { ...record, can_write: record.can_write ?? held.can_write })
    // Who may write follows the owner and is personal: the push cannot say it.
    if (event.changed.some((field) => field === 'owner_id' || field === 'team_id')) this.reload(query)
  }

  private list(query: CachedQuery, live: LiveList, events: readonly AppliedEvent[]): void {
    if (events.length === 0) return
    const answered = (query.state.data as ListData<AnyRecord> | undefined)?.pages[0]?.meta.answered_at ?? 0
    const isBirth = (event: AppliedEvent): boolean =>
      !event.isEcho && ['created', 'restored'].includes(splitType(event.type).verb)
    // What the server answered within the second of an event, or after it, may have counted the record already.
    const isLater = (event: AppliedEvent): boolean => Date.parse(event.at) >= answered + 1_000
    this.changeList(
      query,
      live,
      events.map((event) => ({
        id: event.id,
        version: event.version,
        record: isGone(event) ? null : (event.record as unknown as AnyRecord),
        isOwn: event.isOwn,
        // What this tab made was put into its lists with the answer already.
        isNew: isBirth(event) && isLater(event),
        changed: isBirth(event) ? [] : event.changed,
      })),
    )
  }

  private changeList(query: CachedQuery, live: LiveList, changes: Change[]): void {
    const data = query.state.data as ListData<AnyRecord> | undefined
    if (!data) return
    const waiting = pendingOf(query.queryHash)
    const applied = applyChanges(data, waiting.value, changes, live)
    if (applied.data !== data) write(query, applied.data)
    if (applied.pending.size > 0 || waiting.value.size > 0) waiting.value = applied.pending
    if (applied.isDoubtful) this.totals.request(query, live)
    else if (applied.data !== data) this.totals.outdate(query)
  }

  private view(query: CachedQuery, live: LiveView, events: readonly AppliedEvent[]): void {
    const mine = events.filter((event) => live.resources.includes(event.resource))
    if (mine.length === 0 || query.state.data === undefined) return
    const next = live.apply(query.state.data, mine)
    if (next === null) this.reload(query)
    else if (next !== query.state.data) write(query, next)
  }

  /** A lost parent takes its children along; a renamed one is renamed in their rows. */
  private belonging(query: CachedQuery, child: string, events: readonly AppliedEvent[]): void {
    for (const link of belongings) {
      if (link.child !== child) continue
      const parents = events.filter((event) => event.resource === link.parent)
      if (parents.length === 0) continue
      const lost = new Set(parents.filter(isGone).map((event) => event.id))
      const moved = new Set(
        parents
          .filter((e) => e.changed.includes('owner_id') || e.changed.includes('team_id'))
          .map((event) => event.id),
      )
      const names = new Map<number, string>()
      for (const event of parents) {
        if (event.changed.includes('name') && typeof event.record?.['name'] === 'string') {
          names.set(event.id, event.record['name'])
        }
      }
      this.followParent(query, link.by, link.mayOutlive, lost, moved, names)
    }
  }

  private followParent(
    query: CachedQuery,
    by: string,
    mayOutlive: boolean,
    lost: Set<number>,
    moved: Set<number>,
    names: Map<number, string>,
  ): void {
    const object = by.replace(/_id$/, '')
    const parentOf = (row: AnyRecord): number => Number((row as unknown as Record<string, unknown>)[by])
    const rename = (row: AnyRecord): AnyRecord => {
      const name = names.get(parentOf(row))
      return name === undefined ? row : { ...row, [object]: { id: parentOf(row), name } }
    }
    if (query.queryKey[0] === 'record') {
      const row = query.state.data as AnyRecord | undefined
      if (!row) return
      if (lost.has(parentOf(row)) || moved.has(parentOf(row))) this.reload(query)
      else if (names.has(parentOf(row))) write(query, rename(row))
      return
    }
    const data = query.state.data as ListData<AnyRecord> | undefined
    const rows = data?.pages?.flatMap((page) => page.data) ?? []
    if (!data || !rows.some((row) => [lost, moved, names].some((set) => set.has(parentOf(row))))) return
    if (rows.some((row) => moved.has(parentOf(row)) || (mayOutlive && lost.has(parentOf(row)))))
      this.reload(query)
    const kept = (row: AnyRecord): boolean => mayOutlive || !lost.has(parentOf(row))
    write(query, {
      ...data,
      pages: data.pages.map((page) => ({ ...page, data: page.data.filter(kept).map(rename) })),
    })
  }

  private bulk(query: CachedQuery, bulk: readonly BulkEvent[]): void {
    const resource = query.queryKey[1]
    for (const event of bulk) {
      const name = listName(event.resource)
      const live = query.meta?.live
      const concerned =
        resource === name ||
        belongings.some((link) => link.parent === name && link.child === resource) ||
        (live !== undefined && live.kind !== 'list' && live.resources.includes(name))
      if (concerned) this.reload(query)
    }
  }

  /** Marks for reloading; many marks within a second are one request. */
  private reload(query: CachedQuery): void {
    this.stale.set(query.queryHash, query)
    this.timer ??= setTimeout(() => {
      this.timer = null
      const hashes = new Set(this.stale.keys())
      this.stale.clear()
      void this.queries.invalidateQueries({ predicate: ({ queryHash }) => hashes.has(queryHash) })
    }, 300)
  }
}

// `manual` tells the cache that this is no answer: a request under way goes on.
function write(query: CachedQuery, data: unknown): void {
  query.setData(data, { manual: true })
}

/** One event per record, the newest; the names of changed fields of all of them. */
function newest(events: readonly AppliedEvent[]): AppliedEvent[] {
  const byRecord = new Map<string, AppliedEvent>()
  for (const event of events) {
    const key = `${event.resource}:${event.id}`
    const former = byRecord.get(key)
    if (!former) byRecord.set(key, event)
    else {
      const later = isGone(event) || (event.version ?? 0) >= (former.version ?? 0) ? event : former
      byRecord.set(key, { ...later, changed: [...new Set([...former.changed, ...event.changed])] })
    }
  }
  return [...byRecord.values()]
}
