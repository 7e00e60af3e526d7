import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { computed, ref, type ComputedRef, type Ref } from 'vue'
import { rest } from '@/api/rest'
import type { SearchAnswer } from '@/api/types'

/** What is looked for: words, kinds of records (all of them where empty), and how many at most. */
export interface Asked {
  q: string
  types: string
  limit: number
}

/** The server's answer to a search. A new question takes the old one back; meanwhile the old answer stays. */
export function useSearch(asked: Ref<Asked>): {
  answer: ComputedRef<SearchAnswer | undefined>
  /** The answer is not to this question: it is under way. */
  isPending: ComputedRef<boolean>
  error: Ref<Error | null>
  retry: () => void
} {
  const question = computed(() => JSON.stringify(asked.value))
  // The query learns of a new question a moment later; whose answer is here is told by the answer itself.
  const refused = ref<string | null>(null)
  const result = useQuery({
    queryKey: computed(() => ['search', asked.value] as const),
    queryFn: async ({ signal, queryKey: [, one] }) => {
      const key = JSON.stringify(one)
      if (refused.value === key) refused.value = null
      try {
        return { key, answer: await rest.get<SearchAnswer>('/search', { ...one }, signal) }
      } catch (fault) {
        if (!signal.aborted) refused.value = key
        throw fault
      }
    },
    enabled: computed(() => asked.value.q !== ''),
    placeholderData: keepPreviousData,
    staleTime: 10_000,
    gcTime: 60_000,
    retry: false,
    shallow: true,
  })
  return {
    answer: computed(() => (asked.value.q === '' ? undefined : result.data.value?.answer)),
    isPending: computed(
      () =>
        asked.value.q !== '' && result.data.value?.key !== question.value && refused.value !== question.value,
    ),
    error: result.error,
    retry: () => void result.refetch(),
  }
}
