import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { rest } from '@/api/rest'
import type { Settings } from '@/api/types'

/** What an admin has decided for everybody, live. */
export function useSettings(isNeeded: () => boolean = () => true) {
  const query = useQuery({
    queryKey: ['settings'],
    queryFn: ({ signal }) => rest.get<Settings>('/settings', undefined, signal),
    staleTime: 10 * 60_000,
    enabled: isNeeded,
    meta: { live: { kind: 'reload', resources: ['settings'] } },
  })
  return {
    settings: computed(() => query.data.value),
    error: query.error,
    retry: () => query.refetch(),
  }
}
