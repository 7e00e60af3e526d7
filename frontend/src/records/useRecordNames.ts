import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { rest } from '@/api/rest'

/** The names of single records that a filter knows by their ids; `paths` are such as `customers/7`. */
export function useRecordNames(paths: () => readonly string[]) {
  const wanted = computed(() => [...paths()])
  const names = useQuery({
    queryKey: computed(() => ['names', wanted.value] as const),
    queryFn: async ({ queryKey, signal }) => {
      const found = await Promise.all(
        queryKey[1].map(async (path) => {
          const record = await rest.get<{ name: string }>(`/${path}`, {}, signal).catch(() => null)
          return [path, record?.name] as const
        }),
      )
      return Object.fromEntries(found) as Record<string, string | undefined>
    },
    enabled: computed(() => wanted.value.length > 0),
    placeholderData: keepPreviousData,
    staleTime: 10 * 60_000,
  })
  return { nameOf: (path: string): string | undefined => names.data.value?.[path] }
}
