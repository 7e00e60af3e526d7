import { QueryClient, QueryObserver } from '@tanstack/vue-query'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ListPage } from '@/api/types'
import { rememberChangeset } from '@/api/versions'
import { highlights } from '@/records/highlights'
import { listKey, recordKey } from '@/records/keys'
import { LiveCache } from '@/records/live'
import type { ListData, LiveList } from '@/records/listLive'
import type { LiveEvent } from '@/realtime/events'

interface Row {
  id: number
  version: number
  name?: string
  customer_id?: number
  customer?: { id: number; name: string }
  can_write?: boolean
}

const event = (type: string, record: Row | null, extra: Partial<LiveEvent> = {}): LiveEvent => ({
  cursor: 'c',
  type,
  resource: type.split('_')[0] ?? '',
  id: record?.id ?? 0,
  version: record?.version ?? 0,
  changed: ['name'],
  record: record as Record<string, unknown> | null,
  changeset_id: 1,
  actor: null,
  at: '2026-01-01T00:00:00Z',
  ...extra,
})

let queries: QueryClient
let cache: LiveCache
beforeEach(() => {
  vi.useFakeTimers()
  queries = new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: Infinity } } })
  cache = new LiveCache(queries)
})
afterEach(() => {
  queries.clear()
  vi.useRealTimers()
})

const live: LiveList = { kind: 'list', fits: () => true, compare: (a, b) => a.id - b.id, isHeld: () => false }

/** Opens a list as a page would and lets it load. */
async function openList(
  resource: string,
  rows: Row[],
  load?: () => Promise<Row[]>,
  how: LiveList = live,
): Promise<() => Row[]> {
  const queryKey = listKey(resource, { sort: 'id' })
  const answer = (data: Row[]): ListData<Row> => ({
    pages: [
      { data, meta: { total: data.length, pages: 1, current_page: 1, per_page: 100, next_cursor: null } },
    ],
    pageParams: [null],
  })
  const observer = new QueryObserver(queries, {
    queryKey,
    queryFn: async () => answer(load ? await load() : rows),
    meta: { live: how as unknown as LiveList<never> },
  })
  observer.subscribe(() => undefined)
  await vi.advanceTimersByTimeAsync(1)
  return () => queries.getQueryData<ListData<Row>>(queryKey)?.pages.flatMap((page) => page.data) ?? []
}

describe('events in the cache', () => {
  it('change records and lists at once, and mark what a colleague changed', async () => {
    const rows = await openList('customers', [{ id: 1, version: 1, name: 'a', can_write: true }])
    queries.setQueryData(recordKey('customers', 1), { id: 1, version: 1, name: 'a', can_write: true })
    cache.deliver([event('customer_updated', { id: 1, version: 2, name: 'b' })])
    expect(rows()).toEqual([{ id: 1, version: 2, name: 'b', can_write: true }])
    expect(queries.getQueryData(recordKey('customers', 1))).toEqual({
      id: 1,
      version: 2,
      name: 'b',
      can_write: true,
    })
    expect([...(highlights.get('customers:1') ?? [])]).toEqual(['name'])
    await vi.advanceTimersByTimeAsync(2100)
    expect(highlights.size).toBe(0)
  })

  it('that come late bring nothing back, and count once', async () => {
    const rows = await openList('customers', [{ id: 1, version: 1 }])
    const made = event('customer_created', { id: 2, version: 1 })
    cache.deliver([made])
    cache.deliver([event('customer_deleted', null, { id: 2, version: 3, changeset_id: 3 })])
    expect(rows().map(({ id }) => id)).toEqual([1])
    cache.deliver([event('customer_updated', { id: 2, version: 2 }, { changeset_id: 2 }), made])
    expect(rows().map(({ id }) => id)).toEqual([1])
    cache.deliver([event('customer_restored', { id: 2, version: 4 }, { changeset_id: 4 })])
    expect(rows().map(({ id }) => id)).toEqual([1, 2])
  })

  it('that tell of a birth which an answer has counted already do not count it again', async () => {
    const answered = Date.parse('2026-01-01T00:00:00Z')
    const count = vi.fn(() =>
      Promise.resolve({ total: 505, answered_at: answered + 5_000 } as ListPage<Row>['meta']),
    )
    const queryKey = listKey('customers', { sort: 'id' })
    const meta = {
      total: 505,
      pages: 6,
      current_page: 1,
      per_page: 100,
      next_cursor: 'more',
      answered_at: answered,
    }
    const observer = new QueryObserver(queries, {
      queryKey,
      queryFn: () => ({ pages: [{ data: [{ id: 1, version: 1 }], meta }], pageParams: [null] }),
      meta: { live: { ...live, count } as unknown as LiveList<never> },
    })
    observer.subscribe(() => undefined)
    await vi.advanceTimersByTimeAsync(1)
    const total = (): unknown => queries.getQueryData<ListData<Row>>(queryKey)?.pages[0]?.meta.total
    const restored = (id: number, at: string): LiveEvent =>
      event(
        'customer_restored',
        { id, version: 3 },
        { at: `2026-01-01T00:00:${at}Z`, changed: ['deleted_at'] },
      )
    // Within the second of the answer nobody can tell which was first: the server counts again.
    cache.deliver([restored(300, '00.500000')])
    await vi.advanceTimersByTimeAsync(1_100)
    expect([total(), count.mock.calls.length]).toEqual([505, 1])
    // What that count may have known of is told late; what came after it is new.
    cache.deliver([restored(301, '04.000000')])
    expect(total()).toBe(505)
    await vi.advanceTimersByTimeAsync(1_100)
    cache.deliver([restored(302, '06.000000')])
    expect([total(), count.mock.calls.length]).toEqual([506, 2])
  })

  it('of one batch write a list once', async () => {
    const rows = await openList(
      'customers',
      Array.from({ length: 50 }, (_, i) => ({ id: i, version: 1 })),
    )
    const writes = vi.fn()
    queries.getQueryCache().subscribe((notice) => notice.type === 'updated' && writes())
    cache.deliver(
      Array.from({ length: 200 }, (_, i) =>
        event('customer_updated', { id: i % 50, version: 2 + Math.floor(i / 50) }),
      ),
    )
    expect(writes).toHaveBeenCalledTimes(1)
    expect(rows().every((row) => row.version === 5)).toBe(true)
  })

  it('that arrive while an answer is under way are told again after it', async () => {
    let answer: (rows: Row[]) => void = () => undefined
    const rows = await openList('customers', [], () => new Promise((resolve) => (answer = resolve)))
    cache.deliver([event('customer_updated', { id: 1, version: 9, name: 'new' })])
    answer([{ id: 1, version: 8, name: 'old' }])
    await vi.advanceTimersByTimeAsync(1)
    expect(rows()).toEqual([{ id: 1, version: 9, name: 'new' }])
  })

  it('reload a list whose rows a push cannot tell, and leave its rows alone', async () => {
    let asked = 0
    const load = (): Promise<Row[]> => Promise.resolve([{ id: 1, version: (asked += 1), name: 'by right' }])
    const rows = await openList('users', [], load, { ...live, needsReload: true })
    cache.deliver([event('user_updated', { id: 1, version: 2 })])
    expect(rows()).toEqual([{ id: 1, version: 1, name: 'by right' }])
    await vi.advanceTimersByTimeAsync(400)
    expect(rows()).toEqual([{ id: 1, version: 2, name: 'by right' }])
    // What this tab has written was answered with all fields: it is shown at once.
    cache.put('users', { id: 1, version: 3, name: 'mine' } as Row)
    expect(rows()[0]?.name).toBe('mine')
  })

  it('reload a list that depends on other resources when these change', async () => {
    let asked = 0
    const load = (): Promise<Row[]> => Promise.resolve([{ id: 1, version: (asked += 1), name: 'silent' }])
    const rows = await openList('deals', [], load, { ...live, needsReload: true, reloadedBy: ['contacts'] })
    cache.deliver([event('quote_created', { id: 7, version: 1 })])
    await vi.advanceTimersByTimeAsync(400)
    expect(rows()[0]?.version).toBe(1)
    cache.deliver([event('contact_created', { id: 8, version: 1 })])
    await vi.advanceTimersByTimeAsync(400)
    expect(rows()[0]?.version).toBe(2)
  })

  it('take the children of a lost customer along, and rename those of a renamed one', async () => {
    const people = await openList('people', [
      { id: 1, version: 1, customer_id: 5, customer: { id: 5, name: 'old' } },
      { id: 2, version: 1, customer_id: 6, customer: { id: 6, name: 'old' } },
    ])
    let asked = 0
    await openList('deals', [], () => {
      asked += 1
      return Promise.resolve([{ id: 3, version: 1, customer_id: 5 }])
    })
    cache.deliver([
      event('customer_removed', null, { id: 5, changed: [] }),
      event('customer_updated', { id: 6, version: 2, name: '新名' }),
    ])
    expect(people()).toEqual([{ id: 2, version: 1, customer_id: 6, customer: { id: 6, name: '新名' } }])
    await vi.advanceTimersByTimeAsync(400)
    expect(asked).toBe(2)
  })

  it('about the owner reload the record and what belongs to it', async () => {
    const load = vi.fn(() => Promise.resolve({ id: 1, version: 2, can_write: false }))
    new QueryObserver(queries, { queryKey: recordKey('customers', 1), queryFn: load }).subscribe(
      () => undefined,
    )
    let asked = 0
    await openList('contacts', [], () => {
      asked += 1
      return Promise.resolve([{ id: 3, version: 1, customer_id: 1 }])
    })
    await vi.advanceTimersByTimeAsync(1)
    cache.deliver([event('customer_transferred', { id: 1, version: 3 }, { changed: ['owner_id'] })])
    await vi.advanceTimersByTimeAsync(400)
    expect([load.mock.calls.length, asked]).toEqual([2, 2])
  })

  it('of a bulk change reload what they concern, once', async () => {
    let deals = 0
    let people = 0
    await openList('deals', [], () => Promise.resolve(((deals += 1), [])))
    await openList('people', [], () => Promise.resolve(((people += 1), [])))
    cache.deliver(
      [],
      [
        { resource: 'deal', changeset_id: 1 },
        { resource: 'deal', changeset_id: 2 },
      ],
    )
    await vi.advanceTimersByTimeAsync(400)
    expect([deals, people]).toEqual([2, 1])
  })

  it('reach views that work them in themselves, or ask for a reload', async () => {
    const load = vi.fn(() => Promise.resolve({ count: 1 }))
    const apply = vi.fn((data: unknown, events: readonly unknown[]) =>
      events.length > 1 ? null : { count: (data as { count: number }).count + 1 },
    )
    new QueryObserver(queries, {
      queryKey: ['board'],
      queryFn: load,
      meta: { live: { kind: 'view', resources: ['deals'], apply } },
    }).subscribe(() => undefined)
    await vi.advanceTimersByTimeAsync(1)
    cache.deliver([
      event('deal_moved', { id: 1, version: 2 }),
      event('customer_updated', { id: 1, version: 2 }),
    ])
    expect(queries.getQueryData(['board'])).toEqual({ count: 2 })
    cache.deliver([event('deal_won', { id: 1, version: 3 }), event('deal_won', { id: 2, version: 3 })])
    await vi.advanceTimersByTimeAsync(400)
    expect(load).toHaveBeenCalledTimes(2)
  })
})

describe('what this tab writes', () => {
  it('enters every list at once, and the echo changes nothing', async () => {
    const rows = await openList('customers', [{ id: 1, version: 1 }])
    cache.put('customers', { id: 2, version: 1 })
    const before = rows()
    expect(before.map((row) => row.id)).toEqual([1, 2])
    cache.deliver([event('customer_created', { id: 2, version: 1 })])
    expect(rows()).toEqual(before)
    cache.drop('customers', 1)
    expect(rows().map((row) => row.id)).toEqual([2])
  })

  it('that takes another back is told by its push: even a list that is held lets the row in at once', async () => {
    const rows = await openList('customers', [{ id: 2, version: 1, name: 'b' }], undefined, {
      ...live,
      isHeld: () => true,
    })
    highlights.clear()
    rememberChangeset(41)
    cache.drop('customers', 1)
    cache.deliver([event('customer_deleted', null, { id: 1, version: 2, changeset_id: 41 })])
    rememberChangeset(42, false)
    cache.deliver([event('customer_restored', { id: 1, version: 3, name: 'a' }, { changeset_id: 42 })])
    expect(rows().map(({ id }) => id)).toEqual([1, 2])
    expect(highlights.has('customers:1')).toBe(true)
    cache.deliver([event('customer_updated', { id: 2, version: 2, name: 'c' }, { changeset_id: 41 })])
    expect(highlights.has('customers:2'), 'its own echo draws no attention').toBe(false)
  })

  it('is shown before it is confirmed and can be taken back', async () => {
    const rows = await openList('customers', [{ id: 1, version: 1, name: 'a' }])
    cache.overlay('customers', { id: 1, version: 1, name: 'b' } as Row, 1)
    expect(rows()[0]?.name).toBe('b')
    cache.overlay('customers', { id: 1, version: 1, name: 'a' } as Row, 1)
    expect(rows()[0]?.name).toBe('a')
  })
})
