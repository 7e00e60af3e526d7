import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { computed, ref, type Ref } from 'vue'
import { rest } from '@/api/rest'
import type { Customer, ListPage } from '@/api/types'

/** Customers as the server finds them, for a field in which one is chosen. */
export function useCustomerSearch(enabled: Ref<boolean>) {
  const term = ref('')
  const found = useQuery({
    queryKey: computed(() => ['pick', 'customers', term.value] as const),
    queryFn: ({ queryKey, signal }) =>
      rest.get<ListPage<Pick<Customer, 'id' | 'name' | 'company'>>>(
        '/customers',
        { q: queryKey[2].trim(), per_page: 20, count: 'none', fields: 'id,name,company' },
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
      (found.data.value?.data ?? []).map(({ id, name, company }) => ({
        value: String(id),
        label: name,
        ...(company && company !== name ? { hint: company } : {}),
      })),
    ),
  }
}
