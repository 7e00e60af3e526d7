import { useInfiniteQuery, type InfiniteData } from '@tanstack/vue-query'
import { computed } from 'vue'
import { rest } from '@/api/rest'
import type { Entry, ListPage } from '@/api/types'
import { recordName } from '@/realtime/events'
import { useLive } from '@/records/context'
import type { HistoryOf } from '@/records/history'
import type { LiveView } from '@/records/live'

type Pages = InfiniteData<ListPage<Entry>, string | null>

/** What happened to a record, the newest first, live. */
export function useHistory({ resource, id }: HistoryOf) {
  const { connection } = useLive()
  const result = useInfiniteQuery({
    queryKey: ['history', resource, id] as const,
    queryFn: async ({ pageParam, signal }): Promise<ListPage<Entry>> => {
      await connection.ready()
      const query = { resource: recordName(resource), id, cursor: pageParam, per_page: 50 }
      return rest.get('/journal', query, signal)
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page: ListPage<Entry>) => page.meta.next_cursor ?? null,
    meta: {
      live: {
        kind: 'view',
        resources: [resource],
        apply: (data, events) => (events.some((event) => event.id === id) ? null : (data as Pages)),
      } satisfies LiveView,
    } as never,
    // A change of the record is a line here, whoever is looking.
    staleTime: 0,
    shallow: true,
  })
  return { ...result, entries: computed(() => result.data.value?.pages.flatMap((page) => page.data) ?? []) }
}
