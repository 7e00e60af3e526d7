import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { rest } from '@/api/rest'
import type { Company } from '@/api/types'

/** Who sells, live. */
export function useCompany() {
  const query = useQuery({
    queryKey: ['company'],
    queryFn: ({ signal }) => rest.get<Company>('/settings/company', undefined, signal),
    staleTime: 10 * 60_000,
    meta: { live: { kind: 'reload', resources: ['companies'] } },
  })
  const entities = computed(() => query.data.value?.entities ?? [])
  return {
    company: computed(() => query.data.value),
    entities,
    choices: computed(() => entities.value.map((one) => ({ value: String(one.id), label: entityName(one) }))),
    error: query.error,
    retry: () => void query.refetch(),
  }
}

/** An entity by one of its names. */
export function entityName(entity: { name_zh?: string | null; name_en?: string | null }): string {
  return entity.name_zh || entity.name_en || ''
}
