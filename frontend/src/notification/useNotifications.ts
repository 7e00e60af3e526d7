import { useInfiniteQuery, useQueryClient, type InfiniteData } from '@tanstack/vue-query'
import { computed } from 'vue'
import { rest } from '@/api/rest'
import type { Notification, Notifications } from '@/api/types'
import { useLive } from '@/records/context'
import type { LiveView } from '@/records/live'
import { useSession } from '@/session/session'

type Pages = InfiniteData<Notifications, number | null>

/** What others have given to the reader, newest first, and how much of it is unread; live. */
export function useNotifications() {
  const session = useSession()
  const { connection } = useLive()
  const queries = useQueryClient()
  const result = useInfiniteQuery({
    queryKey: ['notifications'] as const,
    queryFn: async ({ pageParam, signal }): Promise<Notifications> => {
      await connection.ready()
      return rest.get('/notifications', { before: pageParam, per_page: 20 }, signal)
    },
    initialPageParam: null as number | null,
    getNextPageParam: ({ data, meta }: Notifications) => (meta.has_more ? (data.at(-1)?.id ?? null) : null),
    meta: {
      live: {
        kind: 'view',
        resources: ['customers', 'deals', 'tasks'],
        apply: (data, events) =>
          events.some(({ actor, changed, record }) => {
            const given = record as { owner_id?: number; assignee_id?: number } | null
            const isMine = given !== null && (given.owner_id ?? given.assignee_id) === session.user?.id
            return isMine && actor?.id !== session.user?.id && changed.some((field) => holders.has(field))
          })
            ? null
            : (data as Pages),
      } satisfies LiveView,
    } as never,
    // Where nothing tells of it, whoever comes back to the tab is told.
    staleTime: 30_000,
    refetchOnWindowFocus: true,
    shallow: true,
  })

  async function read(which: { ids: number[] } | { up_to: number }): Promise<void> {
    await rest.post('/notifications/read', which, { receipt: null })
    await queries.invalidateQueries({ queryKey: ['notifications'] })
  }

  const pages = computed(() => result.data.value?.pages ?? [])
  return {
    ...result,
    items: computed<Notification[]>(() => pages.value.flatMap(({ data }) => data)),
    unread: computed(() => pages.value[0]?.meta.unread ?? 0),
    read,
  }
}

const holders = new Set(['owner_id', 'assignee_id'])
