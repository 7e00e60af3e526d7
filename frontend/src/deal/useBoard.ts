import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, onScopeDispose, ref, shallowReactive, watch, type ComputedRef, type Ref } from 'vue'
import { rest, type Query } from '@/api/rest'
import type { Board, Link } from '@/api/types'
import { useLive } from '@/records/context'
import { fitsChoice } from '@/records/listSpec'
import type { ListChoice } from '@/records/listState'
import type { AppliedEvent, LiveView } from '@/records/live'
import { boardData, type BoardData, type GroupBy } from './board'
import { applyToBoard, mergeMore, mergeTotals, type BoardScope } from './boardLive'
import { dealList } from './dealList'
import { shiftDate } from './nextStep'

const pageSize = 50
const totalsMs = 400
const closedDays = 30

/** What a board shows: a pipeline, and of its deals those that pass the filters. */
export interface BoardChoice {
  pipelineId: number | undefined
  groupBy: GroupBy
  choice: ListChoice
}

interface BoardOptions {
  today: Ref<string>
  /** A colleague has moved cards; told before they are drawn at their new place. */
  onMoved: (moves: ReadonlyMap<number, Link | null>) => void
}

type BoardKey = readonly ['board', number | undefined, Query]

/** The board of a pipeline: columns page by page, kept true by events. */
export function useBoard(source: ComputedRef<BoardChoice>, options: BoardOptions) {
  const { connection } = useLive()
  const queries = useQueryClient()

  const filters = computed<Query>(() => {
    const { q, filters: chosen } = source.value.choice
    const { groupBy } = source.value
    return { ...chosen, ...(q ? { q } : {}), ...(groupBy === 'stage' ? {} : { group_by: groupBy }) }
  })
  const key = computed<BoardKey>(() => ['board', source.value.pipelineId, filters.value])
  const scope = computed<BoardScope>(() => {
    const fits = fitsChoice(dealList, source.value.choice)
    return {
      pipelineId: source.value.pipelineId ?? 0,
      fits,
      isJudgedThere: (source.value.choice.filters['where']?.length ?? 0) > 0,
      closedFrom: () => shiftDate(options.today.value, -closedDays),
    }
  })

  // While an answer is on its way, what is heard meanwhile is kept and told again on top of it.
  const listening = new Set<AppliedEvent[]>()
  function apply(own: BoardScope, data: BoardData, events: readonly AppliedEvent[]): BoardData | null {
    for (const heard of listening) heard.push(...events)
    // What a tree of conditions asks, only the server can judge.
    const isJudgedThere = own.isJudgedThere && events.some((event) => event.resource === 'deals')
    const next = isJudgedThere ? null : applyToBoard(data, events, own)
    const moves = new Map<number, Link | null>()
    if (next && next !== data && own === scope.value) {
      for (const event of events)
        if (event.resource === 'deals' && !event.isOwn) moves.set(event.id, event.actor)
    }
    if (moves.size > 0) options.onMoved(moves)
    return next
  }

  const result = useQuery<BoardData, Error, BoardData, BoardKey>({
    queryKey: key,
    queryFn: async ({ queryKey, signal }): Promise<BoardData> => {
      await connection.ready()
      const [, pipelineId, query] = queryKey
      const path = '/deals/board'
      return boardData(
        await rest.get<Board>(path, { ...query, pipeline_id: pipelineId, per_page: pageSize }, signal),
      )
    },
    enabled: computed(() => source.value.pipelineId !== undefined),
    // Another filter of the same pipeline: the old cards stay until the new ones are there.
    placeholderData: (former) =>
      former?.pipeline_id === source.value.pipelineId && former?.group_by === source.value.groupBy
        ? former
        : undefined,
    meta: computed(() => {
      const own = scope.value
      return {
        live: {
          kind: 'view',
          resources: ['deals', 'pipelines', 'customers', 'exchange-rates'],
          apply: (data, events) => apply(own, data as BoardData, events),
        } satisfies LiveView,
      }
    }) as never,
    shallow: true,
  })
  const { data } = result

  function write(to: BoardKey, change: (data: BoardData) => BoardData): void {
    queries.setQueryData<BoardData>(to, (held) => held && change(held))
  }

  async function ask(of: BoardKey, query: Query): Promise<{ board: Board; heard: AppliedEvent[] }> {
    const heard: AppliedEvent[] = []
    listening.add(heard)
    try {
      return { board: await rest.get<Board>('/deals/board', { ...of[2], ...query }), heard }
    } finally {
      listening.delete(heard)
    }
  }

  const loading = shallowReactive(new Set<string>())
  const faults = shallowReactive(new Map<string, unknown>())

  /** Brings the next cards of a column. */
  async function loadMore(columnKey: string): Promise<void> {
    const cursor = data.value?.columns.find((column) => column.key === columnKey)?.next_cursor
    if (!cursor || loading.has(columnKey) || result.isPlaceholderData.value) return
    const of = key.value
    loading.add(columnKey)
    faults.delete(columnKey)
    try {
      const { board, heard } = await ask(of, { column: columnKey, cursor, per_page: pageSize })
      const own = scope.value
      write(of, (held) => {
        const column = held.columns.find((entry) => entry.key === columnKey)
        // The board was loaded anew meanwhile: these cards belong to the former one.
        return column?.next_cursor === cursor ? mergeMore(held, board, heard, own) : held
      })
    } catch (fault) {
      faults.set(columnKey, fault)
    } finally {
      loading.delete(columnKey)
    }
  }

  let timer: ReturnType<typeof setTimeout> | undefined
  const asking = ref(false)
  async function askTotals(): Promise<void> {
    const of = key.value
    const keys = data.value?.stale ?? []
    if (keys.length === 0 || asking.value) return
    asking.value = true
    try {
      for (const column of keys) {
        const { board, heard } = await ask(of, { column, per_page: 1 })
        const isQuiet = heard.every((event) => event.resource !== 'deals')
        write(of, (held) => mergeTotals(held, board, [column], isQuiet))
      }
    } catch {
      // The totals are asked for again with the next event; until then they are nearly right.
      write(of, (held) => ({ ...held, stale: [] }))
    } finally {
      asking.value = false
    }
  }
  watch(
    [() => data.value?.stale, asking],
    ([stale, busy]) => {
      if (!stale?.length || busy || timer !== undefined) return
      timer = setTimeout(() => {
        timer = undefined
        void askTotals()
      }, totalsMs)
    },
    { immediate: true },
  )
  onScopeDispose(() => clearTimeout(timer))

  // Another day has other rates, and other deals that were closed lately.
  watch(options.today, () => void result.refetch())

  watch(key, () => {
    loading.clear()
    faults.clear()
  })

  return {
    data,
    isPending: computed(() => result.isPending.value),
    isDimmed: computed(() => result.isPlaceholderData.value && result.isFetching.value),
    error: result.error,
    retry: () => void result.refetch(),
    loadMore,
    isLoading: (columnKey: string) => loading.has(columnKey),
    faultOf: (columnKey: string) => faults.get(columnKey),
  }
}
