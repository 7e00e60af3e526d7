import { hashKey, keepPreviousData, useInfiniteQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, ref, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { rest, type Query } from '@/api/rest'
import type { AnyRecord, ListPage, Resource, ResourceMap } from '@/api/types'
import { withHeirs } from './heirs'
import { useLive } from './context'
import { listKey } from './keys'
import { releasePending, type ListData, type LiveList } from './listLive'
import { comparator, deciding, fitsChoice, isCustom, type ListSpec } from './listSpec'
import type { ListState } from './listState'
import { pendingOf } from './pending'
import { rememberTrail } from './trail'

const pageSize = 100

/** Rows of a list, page by page, kept true by events. */
export function useList<R extends Resource>(
  spec: ListSpec<R>,
  state: ListState,
  options: { trail?: boolean; pageSize?: number; enabled?: MaybeRefOrGetter<boolean> } = {},
) {
  type Row = ResourceMap[R] & AnyRecord
  const { connection } = useLive()
  const queries = useQueryClient()
  const isHeld = ref(false)

  const query = computed<Query>(() => {
    const { q, sort, filters } = state.choice.value
    return { ...filters, ...(q ? { q } : {}), sort }
  })
  const counter = (params: Query) => async (): Promise<ListPage<Row>['meta']> => {
    const wanted = { ...params, per_page: 1, fields: 'id', count: 'capped' }
    return (await rest.page<Row>(`/${spec.resource}`, wanted)).meta
  }
  const queryKey = computed(() => listKey(spec.resource, query.value))
  const live = computed<LiveList<Row>>(() => ({
    kind: 'list',
    fits: (record, present) => fitsChoice(spec, withHeirs(queries, state.choice.value))(record, present),
    compare: comparator(spec, state.choice.value.sort),
    isHeld: () => isHeld.value,
    isDecidedBy: deciding(spec, state.choice.value),
    count: counter(query.value),
    needsReload:
      spec.hasRightFields === true ||
      // Custom fields are asked about by the server alone.
      [...(spec.serverFilters ?? []), ...Object.keys(state.choice.value.filters).filter(isCustom)].some(
        (key) => (state.choice.value.filters[key]?.length ?? 0) > 0,
      ),
    reloadedBy: Object.entries(spec.reloadedBy ?? {}).flatMap(([key, resources]) =>
      (state.choice.value.filters[key]?.length ?? 0) > 0 ? resources : [],
    ),
  }))

  const result = useInfiniteQuery({
    queryKey,
    queryFn: async ({ queryKey: key, pageParam, signal }): Promise<ListPage<Row>> => {
      await connection.ready()
      return rest.page<Row>(
        `/${spec.resource}`,
        // The count is asked for once; further pages only bring rows.
        {
          ...key[2],
          per_page: options.pageSize ?? pageSize,
          cursor: pageParam,
          count: pageParam ? 'none' : 'capped',
        },
        signal,
      )
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page: ListPage<Row>) => page.meta.next_cursor ?? null,
    enabled: computed(() => toValue(options.enabled) !== false && state.isReady?.value !== false),
    placeholderData: keepPreviousData,
    meta: computed(() => ({ live: live.value as unknown as LiveList<never> })) as never,
    shallow: true,
  })

  const hash = computed(() => hashKey(queryKey.value))
  const pendingCount = computed(() => pendingOf(hash.value).value.size)

  /** Lets the rows in that have come while the list was held. */
  function showPending(): void {
    const waiting = pendingOf(hash.value)
    const held = waiting.value as ReadonlyMap<number, Row>
    if (held.size === 0) return
    waiting.value = new Map()
    queries.setQueryData<ListData<Row>>(
      queryKey.value,
      (data) => data && releasePending(data, held, live.value),
    )
  }

  watch(isHeld, (held) => {
    if (!held) showPending()
  })
  // A reload has brought the waiting rows itself.
  watch(result.isFetching, (fetching, before) => {
    if (before && !fetching && !result.isFetchNextPageError.value && !result.isPlaceholderData.value) {
      const waiting = pendingOf(hash.value)
      const rows = new Set(result.data.value?.pages.flatMap((page) => page.data.map((row) => row.id)))
      const left = [...waiting.value].filter(([id]) => !rows.has(id))
      if (left.length !== waiting.value.size) waiting.value = new Map(left)
    }
  })
  if (options.trail !== false) {
    watch(queryKey, (key) => rememberTrail(spec.resource, key), { immediate: true })
  }

  const rows = computed<Row[]>(() => result.data.value?.pages.flatMap((page) => page.data) ?? [])
  const meta = computed(() => result.data.value?.pages[0]?.meta)

  return {
    rows,
    total: computed(() => meta.value?.total ?? null),
    isCapped: computed(() => meta.value?.total_is_capped === true),
    readAs: computed(() => meta.value?.q_read_as ?? null),
    isFirstLoad: computed(() => result.isPending.value),
    isDimmed: computed(() => result.isPlaceholderData.value && result.isFetching.value),
    isFetching: result.isFetching,
    error: result.error,
    hasMore: computed(() => result.hasNextPage.value),
    loadMore: () => {
      if (
        result.hasNextPage.value &&
        !result.isFetchingNextPage.value &&
        !result.isFetchNextPageError.value
      ) {
        void result.fetchNextPage()
      }
    },
    retry: () => void (result.isFetchNextPageError.value ? result.fetchNextPage() : result.refetch()),
    isFiltered: computed(
      () =>
        state.choice.value.q !== '' ||
        Object.values(state.choice.value.filters).some((values) => values.length > 0),
    ),
    /** Told by the table: while held, nothing moves under the pointer. */
    hold: (held: boolean) => {
      isHeld.value = held
    },
    pendingCount,
    showPending,
    state,
  }
}
