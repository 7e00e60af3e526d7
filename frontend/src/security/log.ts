import { useInfiniteQuery } from '@tanstack/vue-query'
import { type ComputedRef, computed } from 'vue'
import { rest } from '@/api/rest'
import type { ListPage } from '@/api/types'

const PER_PAGE = 50

/**
 * What is written down somewhere, newest first, further back page by page.
 * @param path of the API.
 * @param asked the filters by their names there; reactive, and empty ones are left out.
 */
export function useLog<T>(path: string, asked: Record<string, string | null>) {
  const query = useInfiniteQuery({
    queryKey: [path, asked],
    queryFn: ({ pageParam, signal }) =>
      rest.get<ListPage<T>>(path, { ...asked, cursor: pageParam, per_page: PER_PAGE }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.meta.next_cursor ?? undefined,
    staleTime: 0,
  })
  const entries: ComputedRef<T[]> = computed(() => query.data.value?.pages.flatMap((page) => page.data) ?? [])
  return { query, entries }
}

export type Log = ReturnType<typeof useLog<{ id: number }>>
