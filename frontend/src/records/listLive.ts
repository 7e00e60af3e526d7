import type { InfiniteData } from '@tanstack/vue-query'
import type { AnyRecord, ListPage } from '@/api/types'

/** What happened to one record, seen from a list. */
export interface Change<T extends AnyRecord = AnyRecord> {
  id: number
  version: number | null
  /** The record as it is now; null when the reader has lost it. */
  record: T | null
  /** Made by this tab: it is shown at once, never counted as news. */
  isOwn: boolean
  /** It came into being with this change: no list can have counted it before. */
  isNew?: boolean
  /** Fields that the change touched, where they are known. */
  changed?: readonly string[]
}

/** How a list judges records by itself, without asking the server. */
export interface LiveList<T extends AnyRecord = AnyRecord> {
  kind: 'list'
  /** Does the record belong here? `present`: it stands in the list now. */
  fits(record: T, present: boolean): boolean
  /** The list's order. */
  compare(a: T, b: T): number
  /** True while a person reads or points at the rows: nothing may move under the pointer then. */
  isHeld(): boolean
  /** What a push says is not enough to judge or to draw a row: a change asks for a reload. */
  needsReload?: boolean
  /** Other resources whose changes ask for a reload as well. */
  reloadedBy?: readonly string[]
  /** May a change of these fields have let a record into the list or out of it? */
  isDecidedBy?(fields: readonly string[]): boolean
  /** Asks the server how many records there are, without rows. */
  count?(): Promise<ListPage<T>['meta']>
}

/** Pages of a list as the query cache holds them. */
export type ListData<T> = InfiniteData<ListPage<T>, unknown>

/** The outcome of {@link applyChanges}. */
export interface Applied<T extends AnyRecord> {
  data: ListData<T>
  /** New rows, or rows with another place, that wait until the list is let go. */
  pending: Map<number, T>
  /** Nobody here can tell whether a row that is not loaded was counted before: only the server knows the total. */
  isDoubtful: boolean
}

interface Row<T> {
  record: T
  page: number
}

function isNewer(change: Change, known: AnyRecord): boolean {
  return change.version === null || known.version === undefined || change.version > known.version
}

/** A push is the same for everybody in its room; what is personal stays as it was read. */
function merge<T extends AnyRecord>(known: T, incoming: T): T {
  return incoming.can_write === undefined && known.can_write !== undefined
    ? { ...incoming, can_write: known.can_write }
    : incoming
}

function placeOf<T>(rows: Row<T>[], record: T, compare: (a: T, b: T) => number): number {
  let low = 0
  let high = rows.length
  while (low < high) {
    const middle = (low + high) >> 1
    const row = rows[middle]
    if (row && compare(row.record, record) <= 0) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * Works changes into the pages of a list: rows change in place, leave when they no longer fit, and new
 * ones enter at their sorted place, or wait in `pending` while the list is held.
 *
 * Returns the same `data` object when nothing in it has changed, so that nothing is repainted.
 */
export function applyChanges<T extends AnyRecord>(
  data: ListData<T>,
  waiting: ReadonlyMap<number, T>,
  changes: readonly Change<T>[],
  list: Omit<LiveList<T>, 'kind'>,
): Applied<T> {
  const rows: Row<T>[] = data.pages.flatMap((page, index) =>
    page.data.map((record) => ({ record, page: index })),
  )
  const pending = new Map(waiting)
  const hasMore = data.pages.at(-1)?.meta.next_cursor != null
  const touched = new Set<number>()
  let total = 0
  let isDoubtful = false
  /** Counts a record of which no row is loaded. */
  const count = (change: Change<T>, fits: boolean): void => {
    if (data.pages[0]?.meta.total_is_capped) return
    if (!hasMore || change.isNew) total += fits ? 1 : 0
    else if (!change.record || !change.changed?.length || list.isDecidedBy?.(change.changed) !== false)
      isDoubtful = true
  }

  const insert = (record: T): void => {
    const place = placeOf(rows, record, list.compare)
    // Behind the last loaded row there may be others that come first: the next page will bring it.
    if (place === rows.length && hasMore) return
    const page = rows[place]?.page ?? rows[place - 1]?.page ?? 0
    rows.splice(place, 0, { record, page })
    touched.add(page)
  }
  const removeAt = (at: number): void => {
    const [row] = rows.splice(at, 1)
    if (row) touched.add(row.page)
  }

  for (const change of changes) {
    const at = rows.findIndex((row) => row.record.id === change.id)
    const row = rows[at]
    const known = row?.record ?? pending.get(change.id)
    if (known && change.record && !isNewer(change, known)) continue
    if (!change.record || !list.fits(change.record, row !== undefined)) {
      const waited = pending.delete(change.id)
      if (row) removeAt(at)
      if (row || waited) total -= 1
      else count(change, false)
    } else if (row) {
      const next = merge(row.record, change.record)
      const before = rows[at - 1]
      const after = rows[at + 1]
      const stays =
        (!before || list.compare(before.record, next) <= 0) &&
        (after ? list.compare(next, after.record) <= 0 : !hasMore || list.compare(row.record, next) >= 0)
      if (stays || (list.isHeld() && !change.isOwn)) {
        rows[at] = { record: next, page: row.page }
        touched.add(row.page)
        if (stays) pending.delete(change.id)
        else pending.set(change.id, next)
      } else {
        removeAt(at)
        insert(next)
        pending.delete(change.id)
      }
    } else if (list.isHeld() && !change.isOwn) {
      if (!pending.has(change.id)) count(change, true)
      pending.set(change.id, change.record)
    } else {
      if (!pending.delete(change.id)) count(change, true)
      insert(change.record)
    }
  }

  const isKept = touched.size === 0 && total === 0
  return { data: isKept ? data : rebuild(data, rows, touched, total), pending, isDoubtful }
}

/** Puts a total that the server has told into a list. */
export function withTotal<T extends AnyRecord>(data: ListData<T>, told: ListPage<T>['meta']): ListData<T> {
  const { total = null, total_is_capped: isCapped = false, answered_at: answered } = told
  const at = answered === undefined ? {} : { answered_at: answered }
  return {
    ...data,
    pages: data.pages.map((page) =>
      page.meta.total == null
        ? page
        : { ...page, meta: { ...page.meta, total, total_is_capped: isCapped, ...at } },
    ),
  }
}

/** Lets the waiting rows in, each at its place. */
export function releasePending<T extends AnyRecord>(
  data: ListData<T>,
  pending: ReadonlyMap<number, T>,
  list: Pick<LiveList<T>, 'fits' | 'compare'>,
): ListData<T> {
  if (pending.size === 0) return data
  const ids = new Set(pending.keys())
  const cleared: ListData<T> = {
    ...data,
    pages: data.pages.map((page) => ({ ...page, data: page.data.filter((record) => !ids.has(record.id)) })),
  }
  // Their total was counted when they came.
  const changes = [...pending.values()].map((record) => ({
    id: record.id,
    version: null,
    record,
    isOwn: true,
  }))
  const { data: next } = applyChanges(cleared, pending, changes, { ...list, isHeld: () => false })
  return next
}

function rebuild<T extends AnyRecord>(
  data: ListData<T>,
  rows: Row<T>[],
  touched: Set<number>,
  total: number,
): ListData<T> {
  const byPage = data.pages.map((): T[] => [])
  for (const row of rows) byPage[row.page]?.push(row.record)
  return {
    ...data,
    pages: data.pages.map((page, index) => {
      if (!touched.has(index) && total === 0) return page
      const { total: before, total_is_capped: isCapped } = page.meta
      const count = before == null || isCapped ? before : Math.max(0, before + total)
      return {
        data: touched.has(index) ? (byPage[index] ?? []) : page.data,
        meta: { ...page.meta, total: count },
      }
    }),
  }
}
