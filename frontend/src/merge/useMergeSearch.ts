import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { computed, ref, type Ref } from 'vue'
import { rest } from '@/api/rest'
import type { Link, ListPage } from '@/api/types'
import type { MergeResource } from './mergeFields'

interface Found {
  id: number
  name: string
  can_write?: boolean
  owner?: Link | null
  customer?: Link | null
}

const shown: Record<MergeResource, 'owner' | 'customer'> = { customers: 'owner', people: 'customer' }

/** Records that the reader may change, as the server finds them; each with what tells it from its namesakes. */
export function useMergeSearch(resource: MergeResource, enabled: Ref<boolean>) {
  const term = ref('')
  const beside = shown[resource]
  const found = useQuery({
    queryKey: computed(() => ['pick', 'merge', resource, term.value] as const),
    queryFn: ({ queryKey, signal }) =>
      rest.get<ListPage<Found>>(
        `/${resource}`,
        { q: queryKey[3].trim(), per_page: 20, count: 'none', fields: `id,name,${beside},can_write` },
        signal,
      ),
    enabled,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    gcTime: 60_000,
    shallow: true,
  })
  return {
    term,
    isSearching: computed(() => found.isFetching.value),
    choices: computed(() =>
      (found.data.value?.data ?? [])
        .filter((one) => one.can_write !== false)
        .map((one) => {
          const hint = one[beside]?.name
          return { value: String(one.id), label: one.name, ...(hint ? { hint } : {}) }
        }),
    ),
  }
}
