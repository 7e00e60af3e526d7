import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { rest } from '@/api/rest'
import type { Currencies } from '@/api/types'

/** All currencies with their newest rates; the base currency and those with a rate come first. */
export function useCurrencies() {
  const result = useQuery({
    queryKey: ['currencies'],
    queryFn: ({ signal }) => rest.get<Currencies>('/currencies', {}, signal),
    staleTime: 10 * 60_000,
    meta: { live: { kind: 'reload', resources: ['exchange-rates'] } },
    shallow: true,
  })
  const all = computed(() => result.data.value?.data ?? [])
  return {
    base: computed(() => result.data.value?.base_currency ?? ''),
    all,
    /** Those in which a total can be given. */
    known: computed(() => all.value.filter((one) => one.is_base || one.rate !== null)),
    error: result.error,
    isFirstLoad: result.isPending,
    retry: () => void result.refetch(),
  }
}
