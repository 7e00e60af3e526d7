import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { computed, onScopeDispose, ref, toValue, type ComputedRef, type MaybeRefOrGetter } from 'vue'
import { rest, type Query } from '@/api/rest'
import { useLive } from '@/records/context'
import type { LiveView } from '@/records/live'

const soonMs = 300
const leastMs = 3000

interface ReportOptions {
  /** Resources whose changes make the answer old. */
  resources: readonly string[]
  /** `follow` loads it again by itself, `tell` only says so: nothing on a report moves while it is read. */
  onChange: 'follow' | 'tell'
  enabled?: MaybeRefOrGetter<boolean>
  /** Tells two uses of one page apart that may ask for the same: each hears of changes by itself. */
  part?: string
}

/** A report, and whether its data have changed since. */
export function useReport<T extends object>(name: string, query: ComputedRef<Query>, options: ReportOptions) {
  const { connection } = useLive()
  const isOld = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined
  let loadedAt = 0

  function note(): void {
    if (options.onChange === 'tell') isOld.value = true
    else
      timer ??= setTimeout(
        () => {
          timer = undefined
          void result.refetch()
        },
        Math.max(soonMs, loadedAt + leastMs - Date.now()),
      )
  }
  onScopeDispose(() => clearTimeout(timer))

  const result = useQuery({
    queryKey: computed(() => ['report', name, query.value, options.part ?? ''] as const),
    queryFn: async ({ queryKey, signal }): Promise<T> => {
      await connection.ready()
      const answer = await rest.get<T>(`/reports/${name}`, queryKey[2], signal)
      loadedAt = Date.now()
      isOld.value = false
      return answer
    },
    enabled: computed(() => toValue(options.enabled) !== false),
    // What a page shows after it was left for a while is loaded anew, behind what is known.
    staleTime: 0,
    placeholderData: keepPreviousData,
    meta: {
      live: {
        kind: 'view',
        resources: options.resources,
        apply(data) {
          note()
          return data
        },
      } satisfies LiveView,
    },
    shallow: true,
  })

  return {
    data: computed(() => result.data.value as T | undefined),
    error: result.error,
    isFirstLoad: result.isPending,
    isDimmed: computed(() => result.isPlaceholderData.value && result.isFetching.value),
    isFetching: result.isFetching,
    isOld,
    retry: () => void result.refetch(),
  }
}
