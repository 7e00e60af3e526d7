import { computed, watch } from 'vue'
import type { Deal, HygieneReport } from '@/api/types'
import { comparator } from '@/records/listSpec'
import { useUrlListState, type ListChoice, type ListState } from '@/records/listState'
import { useList } from '@/records/useList'
import { useReport } from '@/report/useReport'
import { useSession } from '@/session/session'
import { faults, hygieneList, wantsOf, type Fault, type Moment, type Want } from './hygiene'
import { silentFor } from './nextStep'
import { usePipelines } from './usePipelines'
import { useToday } from './useToday'

/** An owner's counts, of deals with any fault and by fault. */
export type OwnerRow = HygieneReport['rows'][number]

/** A line of the page: the heading of an owner, or a deal and what it is wanting in. */
export type HygieneEntry =
  | { key: string; owner: { id: number; name: string }; row: OwnerRow | undefined }
  | { key: string; deal: Deal; wants: Want[] }

const filterNames = ['hygiene', 'owner_id', 'team_id', 'pipeline_id']

/** The open deals that are wanting in something: which are asked for by the address, the counts, the rows, live. */
export function useHygiene() {
  const session = useSession()
  const { stage } = usePipelines()
  const { today, now } = useToday()
  const moment = (): Moment => ({
    today: today.value,
    now: now.value,
    usualDays: (id) => stage(id)?.expected_days ?? null,
  })
  const spec = hygieneList(moment)
  const address = useUrlListState(filterNames, spec.defaultSort)

  const chosen = computed<readonly Fault[]>(() => {
    const wanted = address.choice.value.filters['hygiene'] ?? []
    const known = faults.filter((fault) => wanted.includes(fault))
    return known.length > 0 ? known : faults
  })
  const isAll = computed(() => chosen.value.length === faults.length)
  // One owner, team and pipeline at a time: so the report counts them too.
  const scope = computed(() =>
    Object.fromEntries(
      ['owner_id', 'team_id', 'pipeline_id'].flatMap((key) => {
        const first = address.choice.value.filters[key]?.[0]
        return first === undefined ? [] : [[key, [first]]]
      }),
    ),
  )
  const asked = (hygiene: () => readonly string[]): ListState => ({
    ...address,
    choice: computed<ListChoice>(() => ({
      q: '',
      sort: spec.defaultSort,
      filters: { ...scope.value, hygiene: hygiene() },
    })),
  })
  const list = useList(
    spec,
    asked(() => chosen.value),
    { pageSize: 50 },
  )
  // Which of the rows are silent only the server knows. In the same order these reach as far as the rows do.
  const silent = useList(
    spec,
    asked(() => ['silent']),
    {
      trail: false,
      pageSize: 50,
      enabled: computed(() => list.rows.value.some((deal) => silentFor(deal, now.value) !== null)),
    },
  )
  const inOrder = comparator(spec, spec.defaultSort)
  watch([list.rows, silent.rows], ([rows, quiet]) => {
    const [last, reached] = [rows.at(-1), quiet.at(-1)]
    if (last && reached && inOrder(reached, last) < 0) silent.loadMore()
  })
  const silentIds = computed(() => new Set(silent.rows.value.map(({ id }) => id)))
  // A new day makes other deals late.
  watch(today, () => {
    list.retry()
    silent.retry()
  })

  const report = useReport<HygieneReport>(
    'hygiene',
    // Of all owners, so that another one can be chosen.
    computed(() => Object.fromEntries(Object.entries(scope.value).filter(([key]) => key !== 'owner_id'))),
    {
      resources: ['deals', 'contacts'],
      onChange: 'follow',
      enabled: computed(() => session.can('report:read')),
    },
  )
  const owner = computed(() => Number(scope.value['owner_id']?.[0] ?? 0) || null)
  const owners = computed(
    () =>
      report.data.value?.rows.filter(({ key, faulty_count }) => faulty_count > 0 || key === owner.value) ??
      [],
  )
  const rowOf = (id: number): OwnerRow | undefined => report.data.value?.rows.find(({ key }) => key === id)
  /** How many deals have a fault, or any; null while it is not known. */
  function count(fault: Fault | 'faulty'): number | null {
    const { data } = report
    if (!data.value) return null
    const figures = owner.value === null ? data.value.totals : rowOf(owner.value)
    return figures?.[`${fault}_count`] ?? 0
  }

  const isGrouped = computed(
    () => owner.value === null && new Set(list.rows.value.map(({ owner_id }) => owner_id)).size > 1,
  )
  const entries = computed<HygieneEntry[]>(() => {
    const found: HygieneEntry[] = []
    let former: number | null = null
    for (const deal of list.rows.value) {
      if (isGrouped.value && deal.owner && deal.owner_id !== former)
        found.push({ key: `owner ${deal.owner.id}`, owner: deal.owner, row: rowOf(deal.owner.id) })
      former = deal.owner_id
      found.push({
        key: String(deal.id),
        deal,
        wants: wantsOf(deal, moment(), silentIds.value.has(deal.id)),
      })
    }
    return found
  })

  return { address, list, report, chosen, isAll, owner, owners, count, entries, isGrouped, today }
}
