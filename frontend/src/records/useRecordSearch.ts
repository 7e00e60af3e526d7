import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { computed, ref, toValue, type MaybeRefOrGetter } from 'vue'
import { rest, type Query } from '@/api/rest'
import type { ListPage } from '@/api/types'

/**
 * Records as the server finds them by a term, for a field in which one is chosen: a list of all would be too long.
 *
 * @param resource in the plural, as in its path.
 * @param asked what else the list is asked for, such as the fields that are shown.
 * @param enabled whether somebody is choosing.
 */
export function useRecordSearch<T extends { id: number } = { id: number; name: string }>(
  resource: MaybeRefOrGetter<string>,
  asked: Query,
  enabled: MaybeRefOrGetter<boolean>,
) {
  const term = ref('')
  const found = useQuery({
    queryKey: computed(() => ['pick', toValue(resource), asked, term.value] as const),
    queryFn: async ({ queryKey, signal }) => {
      const query = { ...asked, q: queryKey[3].trim(), per_page: 20, count: 'none' }
      return (await rest.get<ListPage<T>>(`/${queryKey[1]}`, query, signal)).data
    },
    enabled: computed(() => toValue(enabled)),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    gcTime: 60_000,
    shallow: true,
  })
  return {
    term,
    records: computed<readonly T[]>(() => found.data.value ?? []),
    isSearching: computed(() => found.isFetching.value),
  }
}
