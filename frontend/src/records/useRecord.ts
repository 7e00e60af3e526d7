import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { rest } from '@/api/rest'
import type { AnyRecord, Resource, ResourceMap } from '@/api/types'
import { useLive } from './context'
import { recordKey } from './keys'
import type { ListData } from './listLive'

/** One record, live. What a list already shows of it stands there at once. */
export function useRecord<R extends Resource>(
  resource: R,
  id: MaybeRefOrGetter<number>,
  /** Finds the record where a page of its own kind shows it (a board). */
  find: (id: number) => ResourceMap[R] | undefined = () => undefined,
) {
  const { connection } = useLive()
  const queries = useQueryClient()
  const query = useQuery({
    queryKey: computed(() => recordKey(resource, toValue(id))),
    queryFn: async ({ queryKey, signal }): Promise<AnyRecord> => {
      await connection.ready()
      return rest.get<AnyRecord>(`/${resource}/${queryKey[2]}`, undefined, signal)
    },
    placeholderData: (): AnyRecord | undefined => {
      for (const [, data] of queries.getQueriesData<ListData<AnyRecord>>({ queryKey: ['list', resource] })) {
        const row = data?.pages.flatMap((page) => page.data).find((record) => record.id === toValue(id))
        if (row) return row
      }
      return find(toValue(id)) as AnyRecord | undefined
    },
    shallow: true,
  })
  return { ...query, record: computed(() => query.data.value as ResourceMap[R] | undefined) }
}
