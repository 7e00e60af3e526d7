import { useInfiniteQuery, type InfiniteData } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { rest } from '@/api/rest'
import type { Contact, ListPage, Task, TimelineEntry } from '@/api/types'
import { useLive } from '@/records/context'
import type { AppliedEvent, LiveView } from '@/records/live'
import { isGone, recordName } from '@/realtime/events'

type Timeline = InfiniteData<ListPage<TimelineEntry>, string | null>

const contactOf = (entry: TimelineEntry): Contact | null =>
  entry.type === 'contact' ? (entry.record as Contact | null) : null

// Follow from contact records, which are told by themselves.
const derived = new Set(['last_contacted_at', 'first_contacted_at'])

/** Works events into a timeline: contact records in place; whatever else concerns the customer asks for a reload. */
export function applyToTimeline(
  customerId: number,
  data: Timeline,
  events: readonly AppliedEvent[],
): Timeline | null {
  let next = data
  for (const event of events) {
    if (event.resource !== 'contacts') {
      const belongs =
        event.resource === 'customers'
          ? event.id === customerId && event.changed.some((field) => !derived.has(field))
          : event.record?.['customer_id'] === customerId ||
            hasEntry(next, recordName(event.resource), event.id)
      if (belongs) return null
      continue
    }
    const known = next.pages.some((page) => page.data.some((entry) => contactOf(entry)?.id === event.id))
    const record = isGone(event) ? null : (event.record as unknown as Contact)
    if (!record || record.customer_id !== customerId) {
      if (known) next = mapEntries(next, (entry) => (contactOf(entry)?.id === event.id ? null : entry))
    } else if (known) {
      next = mapEntries(next, (entry) => {
        const held = contactOf(entry)
        if (held?.id !== event.id || (held.version ?? 0) >= (record.version ?? 0)) return entry
        return {
          ...entry,
          at: record.occurred_at,
          record: { ...record, can_write: record.can_write ?? held.can_write } as never,
        }
      })
    } else {
      next = insert(next, {
        type: 'contact',
        at: record.occurred_at,
        actor: record.user ?? event.actor,
        record,
        change: null,
      })
    }
  }
  return next
}

function hasEntry(data: Timeline, type: string, id: number): boolean {
  return data.pages.some((page) => page.data.some((entry) => entry.type === type && entry.record?.id === id))
}

function mapEntries(data: Timeline, map: (entry: TimelineEntry) => TimelineEntry | null): Timeline {
  return {
    ...data,
    pages: data.pages.map((page) => ({
      ...page,
      data: page.data.map(map).filter((entry) => entry !== null),
    })),
  }
}

function insert(data: Timeline, entry: TimelineEntry): Timeline {
  let placed = false
  const pages = data.pages.map((page, index) => {
    if (placed) return page
    const at = page.data.findIndex((other) => other.at <= entry.at)
    const isLast = index === data.pages.length - 1 && !page.meta.next_cursor
    if (at < 0 && !isLast) return page
    placed = true
    return { ...page, data: page.data.toSpliced(at < 0 ? page.data.length : at, 0, entry) }
  })
  return placed ? { ...data, pages } : data
}

/** Everything that happened with a customer, newest first, live. */
export function useTimeline(customerId: MaybeRefOrGetter<number>) {
  const { connection } = useLive()
  const id = computed(() => toValue(customerId))
  const result = useInfiniteQuery({
    queryKey: computed(() => ['timeline', id.value] as const),
    queryFn: async ({ queryKey, pageParam, signal }): Promise<ListPage<TimelineEntry>> => {
      await connection.ready()
      return rest.get(`/customers/${queryKey[1]}/timeline`, { cursor: pageParam, per_page: 40 }, signal)
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page: ListPage<TimelineEntry>) => page.meta.next_cursor ?? null,
    meta: computed(() => ({
      live: {
        kind: 'view',
        resources: ['contacts', 'deals', 'tasks', 'customers', 'people'],
        apply: (data, events) => applyToTimeline(id.value, data as Timeline, events),
      } satisfies LiveView,
    })) as never,
    shallow: true,
  })
  return { ...result, entries: computed(() => result.data.value?.pages.flatMap((page) => page.data) ?? []) }
}

/** A key that stays with an entry. */
export function entryKey(entry: TimelineEntry, index: number): string {
  const id = entry.record?.id ?? entry.change?.id
  return id === undefined
    ? `${entry.type}-${entry.at}-${index}`
    : `${entry.type}-${String(id)}-${entry.type === 'contact' ? '' : entry.at}`
}

/** Whether an entry tells of a deal. */
export function isAbout(entry: TimelineEntry, dealId: number): boolean {
  if (entry.type === 'contact') return contactOf(entry)?.deal_id === dealId
  if (entry.type === 'deal') return entry.record?.id === dealId
  if (entry.type === 'task') return (entry.record as Task | null)?.deal_id === dealId
  return entry.change?.resource === 'deal' && entry.change.resource_id === dealId
}
