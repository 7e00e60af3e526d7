import type { QueryClient, QueryKey } from '@tanstack/vue-query'
import type { AnyRecord } from '@/api/types'
import type { ListData } from './listLive'

const last = new Map<string, QueryKey>()

/** Remembers which list of a resource was looked at last. */
export function rememberTrail(resource: string, key: QueryKey): void {
  last.set(resource, key)
}

/** The records before and after one in a list, by id, and its place there, from 1; 0 where it is not in it. */
export interface Neighbours {
  previous: number | null
  next: number | null
  position: number
  count: number
}

/** The neighbours of a record in the list that the reader came from. */
export function neighbours(queries: QueryClient, resource: string, id: number): Neighbours {
  const key = last.get(resource)
  const data = key && queries.getQueryData<ListData<AnyRecord>>(key)
  const ids = data?.pages.flatMap((page) => page.data.map((row) => row.id)) ?? []
  const at = ids.indexOf(id)
  return {
    previous: at > 0 ? (ids[at - 1] ?? null) : null,
    next: at >= 0 ? (ids[at + 1] ?? null) : null,
    position: at + 1,
    count: data?.pages[0]?.meta.total ?? ids.length,
  }
}
