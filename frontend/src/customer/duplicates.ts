import { useInfiniteQuery, useQuery, useQueryClient, type InfiniteData } from '@tanstack/vue-query'
import { computed, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { Receipt } from '@/api/receipt'
import { rest } from '@/api/rest'
import type { AnyRecord, DuplicatePair, PersonPair } from '@/api/types'
import { explain } from '@/i18n/problem'
import { useLive } from '@/records/context'
import { toast } from '@/ui/toasts'

/** Records that may be in their list twice. */
export type PairedResource = 'customers' | 'people'
export type PairState = DuplicatePair['state']

interface Side {
  id: number
  name: string
}
/** Two records that may be one. */
export interface Pair extends Pick<
  DuplicatePair,
  'id' | 'score' | 'reasons' | 'against' | 'state' | 'can_write'
> {
  sides: [Side, Side]
}

/** A customer or a person, with the fields that both have or not. */
export type Paired = AnyRecord & Partial<Record<string, unknown>>

interface Page<Row> {
  data: Row[]
  meta: { next_cursor: string | null; total: number | null }
}

/** What is asked for the pairs of one record. */
export const pairFilter = { customers: 'customer_id', people: 'person_id' } as const

function sidesOf(pair: DuplicatePair | PersonPair): [Side, Side] {
  return 'person_a_id' in pair
    ? [
        { id: pair.person_a_id, name: pair.person_a?.name ?? '' },
        { id: pair.person_b_id, name: pair.person_b?.name ?? '' },
      ]
    : [
        { id: pair.customer_a_id, name: pair.customer_a?.name ?? '' },
        { id: pair.customer_b_id, name: pair.customer_b?.name ?? '' },
      ]
}

/** Pairs of records that may be one, and the records themselves. */
export function useDuplicates(resource: PairedResource, state: Ref<PairState>, ofId: Ref<number | null>) {
  type Found = DuplicatePair | PersonPair
  const result = useInfiniteQuery<Page<Found>, Error, InfiniteData<Page<Found>>>({
    queryKey: computed(() => ['duplicates', resource, state.value, ofId.value]),
    queryFn: ({ pageParam, signal }) =>
      rest.get<Page<Found>>(
        `/${resource}/duplicates`,
        {
          state: state.value,
          [pairFilter[resource]]: ofId.value,
          per_page: 20,
          cursor: pageParam as string | null,
        },
        signal,
      ),
    initialPageParam: null,
    getNextPageParam: (page) => page.meta.next_cursor,
    staleTime: 0,
  })
  const pairs = computed<Pair[]>(
    () =>
      result.data.value?.pages.flatMap(({ data }) =>
        data.map((pair) => ({ ...pair, sides: sidesOf(pair) })),
      ) ?? [],
  )
  const ids = computed(() =>
    [...new Set(pairs.value.flatMap(({ sides }) => sides.map(({ id }) => id)))].sort((a, b) => a - b),
  )
  const records = useQuery({
    queryKey: computed(() => ['duplicates', 'records', resource, ids.value]),
    enabled: computed(() => ids.value.length > 0),
    queryFn: async ({ signal }) => {
      const found = new Map<number, Paired>()
      for (let first = 0; first < ids.value.length; first += 100) {
        const page = await rest.get<Page<Paired>>(
          `/${resource}`,
          { id: ids.value.slice(first, first + 100), per_page: 200, count: 'none' },
          signal,
        )
        for (const record of page.data) found.set(record.id, record)
      }
      return found
    },
    placeholderData: (before) => before,
    staleTime: 0,
  })
  return {
    pairs,
    records: computed(() => records.data.value ?? new Map<number, Paired>()),
    total: computed(() => result.data.value?.pages[0]?.meta.total ?? 0),
    error: result.error,
    isPending: result.isPending,
    hasMore: result.hasNextPage,
    isLoadingMore: result.isFetchingNextPage,
    more: () => void result.fetchNextPage(),
    reload: () => result.refetch(),
  }
}

/** What people say of a pair, with the way back. */
export function useJudging(resource: PairedResource) {
  const { t } = useI18n()
  const queries = useQueryClient()
  const { undo } = useLive()
  const reload = (): void => void queries.invalidateQueries({ queryKey: ['duplicates'] })

  async function say(pair: Pair, verb: 'dismiss' | 'reopen'): Promise<void> {
    const receipt = new Receipt()
    try {
      await rest.post(`/${resource}/duplicates/${pair.id}/${verb}`, undefined, { receipt })
      const names = { a: pair.sides[0].name, b: pair.sides[1].name }
      undo.offer(t(verb === 'dismiss' ? 'pairs.dismissedIt' : 'pairs.reopenedIt', names), receipt, {
        then: reload,
      })
    } catch (fault) {
      toast(explain(fault) ?? '', { tone: 'error' })
    }
    reload()
  }
  return { say, reload }
}

/** What two records are compared by, side by side. */
export const comparedFields: Record<PairedResource, readonly string[]> = {
  customers: [
    'kind',
    'name',
    'short_name',
    'company',
    'phone',
    'email',
    'tax_id',
    'address',
    'website',
    'industry',
    'source',
    'status',
    'owner_id',
    'last_contacted_at',
    'created_at',
  ],
  people: [
    'name',
    'customer',
    'title',
    'department',
    'phones',
    'emails',
    'wechat',
    'qq',
    'birthday',
    'address',
    'decision_role',
    'has_left',
    'created_at',
  ],
}

/** Whether two values say the same; what one of them leaves out is no difference. */
export function differ(one: string, other: string): boolean {
  return one !== '' && other !== '' && one.trim().toLowerCase() !== other.trim().toLowerCase()
}
