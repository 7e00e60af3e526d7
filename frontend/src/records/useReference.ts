import { useQuery } from '@tanstack/vue-query'
import { computed, toValue, type ComputedRef, type MaybeRefOrGetter } from 'vue'
import { rest, type Query } from '@/api/rest'
import type { ListPage, Resource, ResourceMap } from '@/api/types'

const atMost = 2000

/** All rows of a small list that others refer to (people of the house, tags, options), kept while they live. */
export function useReference<R extends Resource>(
  resource: R,
  query: Query = {},
  enabled: MaybeRefOrGetter<boolean> = true,
): ComputedRef<readonly ResourceMap[R][]> {
  return useReferenceQuery(resource, query, enabled).rows
}

/** The same rows, for a page that has to say that they are loading or could not be loaded. */
export function useReferenceQuery<R extends Resource>(
  resource: R,
  query: Query = {},
  enabled: MaybeRefOrGetter<boolean> = true,
) {
  type Row = ResourceMap[R]
  const result = useQuery({
    queryKey: ['reference', resource, query],
    queryFn: async ({ signal }): Promise<readonly object[]> => {
      const rows: Row[] = []
      let cursor: string | null = null
      do {
        const page: ListPage<Row> = await rest.get(
          `/${resource}`,
          { ...query, per_page: 200, count: 'none', cursor },
          signal,
        )
        rows.push(...page.data)
        cursor = page.meta.next_cursor ?? null
      } while (cursor !== null && rows.length < atMost)
      return rows
    },
    enabled: computed(() => toValue(enabled)),
    staleTime: 10 * 60_000,
    gcTime: Infinity,
    meta: { live: { kind: 'reload', resources: [resource] } },
    shallow: true,
  })
  return {
    rows: computed(() => (result.data.value ?? []) as readonly Row[]),
    isFirstLoad: result.isPending,
    error: result.error,
    retry: () => void result.refetch(),
  }
}
