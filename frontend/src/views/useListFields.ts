import { useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { rest } from '@/api/rest'
import type { ListField } from '@/api/types'
import { i18n } from '@/i18n/i18n'
import type { Listed } from '@/records/listState'

/** What the filters of a list can ask, in the reader's language. */
export function useListFields(listed: Listed, enabled: MaybeRefOrGetter<boolean> = true) {
  const found = useQuery({
    queryKey: computed(() => ['fields', listed, i18n.global.locale.value] as const),
    queryFn: async ({ signal }) =>
      (await rest.get<{ data: ListField[] }>('/views/fields', { resource: listed }, signal)).data,
    enabled: computed(() => toValue(enabled)),
    staleTime: 5 * 60_000,
    shallow: true,
  })
  const fields = computed<readonly ListField[]>(() => found.data.value ?? [])
  return {
    fields,
    byName: computed(() => new Map(fields.value.map((field) => [field.field, field]))),
    /** Loaded, or not to be had. */
    isSettled: computed(() => found.data.value !== undefined || found.isError.value),
    isKnown: computed(() => found.data.value !== undefined),
    error: found.error,
    retry: () => void found.refetch(),
  }
}
