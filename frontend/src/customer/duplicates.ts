import { useInfiniteQuery, useQuery, useQueryClient, type InfiniteData } from '@tanstack/vue-query'
import { computed, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { Receipt } from '@/api/receipt'
import { rest } from '@/api/rest'
import type { Customer, DuplicatePair } from '@/api/types'
import { explain } from '@/i18n/problem'
import { useLive } from '@/records/context'
import { toast } from '@/ui/toasts'

export type PairState = DuplicatePair['state']

interface Page<Row> {
  data: Row[]
  meta: { next_cursor: string | null; total: number | null }
}

/** Pairs of customers that may be one, and the customers themselves. */
export function useDuplicates(state: Ref<PairState>, customerId: Ref<number | null>) {
  const result = useInfiniteQuery<Page<DuplicatePair>, Error, InfiniteData<Page<DuplicatePair>>>({
    queryKey: computed(() => ['duplicates', state.value, customerId.value]),
    queryFn: ({ pageParam, signal }) =>
      rest.get<Page<DuplicatePair>>(
        '/customers/duplicates',
        {
          state: state.value,
          customer_id: customerId.value,
          per_page: 20,
          cursor: pageParam as string | null,
        },
        signal,
      ),
    initialPageParam: null,
    getNextPageParam: (page) => page.meta.next_cursor,
    staleTime: 0,
  })
  const pairs = computed(() => result.data.value?.pages.flatMap(({ data }) => data) ?? [])
  const ids = computed(() =>
    [...new Set(pairs.value.flatMap((pair) => [pair.customer_a_id, pair.customer_b_id]))].sort(
      (a, b) => a - b,
    ),
  )
  const customers = useQuery({
    queryKey: computed(() => ['duplicates', 'customers', ids.value]),
    enabled: computed(() => ids.value.length > 0),
    queryFn: async ({ signal }) => {
      const found = new Map<number, Customer>()
      for (let first = 0; first < ids.value.length; first += 100) {
        const page = await rest.get<Page<Customer>>(
          '/customers',
          { id: ids.value.slice(first, first + 100), per_page: 200, count: 'none' },
          signal,
        )
        for (const customer of page.data) found.set(customer.id, customer)
      }
      return found
    },
    placeholderData: (before) => before,
    staleTime: 0,
  })
  return {
    pairs,
    customers: computed(() => customers.data.value ?? new Map<number, Customer>()),
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
export function useJudging() {
  const { t } = useI18n()
  const queries = useQueryClient()
  const { undo } = useLive()
  const reload = (): void => void queries.invalidateQueries({ queryKey: ['duplicates'] })

  async function say(pair: DuplicatePair, verb: 'dismiss' | 'reopen'): Promise<void> {
    const receipt = new Receipt()
    try {
      await rest.post<DuplicatePair>(`/customers/duplicates/${pair.id}/${verb}`, undefined, { receipt })
      const names = { a: pair.customer_a?.name ?? '', b: pair.customer_b?.name ?? '' }
      undo.offer(t(verb === 'dismiss' ? 'duplicate.dismissedIt' : 'duplicate.reopenedIt', names), receipt, {
        then: reload,
      })
    } catch (fault) {
      toast(explain(fault) ?? '', { tone: 'error' })
    }
    reload()
  }
  return { say, reload }
}

/** What two customers are compared by, side by side. */
export const comparedFields = [
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
] as const

/** Whether two values say the same; what one of them leaves out is no difference. */
export function differ(one: string, other: string): boolean {
  return one !== '' && other !== '' && one.trim().toLowerCase() !== other.trim().toLowerCase()
}
