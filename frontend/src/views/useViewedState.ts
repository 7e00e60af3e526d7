import { useQueryClient } from '@tanstack/vue-query'
import { computed, ref, watch } from 'vue'
import { useRoute, useRouter, type LocationQueryRaw } from 'vue-router'
import type { View } from '@/api/types'
import { useToday } from '@/deal/useToday'
import { isCustom } from '@/records/listSpec'
import { texts, type Listed, type ListChoice, type ListState, type ViewDefinition } from '@/records/listState'
import { useFieldGuard } from '@/records/useFieldGuard'
import { useSession } from '@/session/session'
import { readStored, writeStored } from '@/ui/storage'
import { useListFields } from './useListFields'
import { useViews } from './useViews'
import { encodeWhere, parseWhere, pruned, readWhere } from './where'

/** Parameters of an address with all their values. */
type Params = Readonly<Record<string, readonly string[]>>

/** Shows the whole list, though one of its views is to open first. */
const wholeList = 'all'

/**
 * The address bar as the state of a list that has views: `view_id=7` shows a view as it is now, also after somebody
 * has changed it; what a person changes stands beside it in full, so that a link shows the same to everybody.
 *
 * @param extras Further parameters that belong to a view: `view` and `group` of the deals.
 */
export function useViewedState(
  listed: Listed,
  filterKeys: readonly string[],
  defaultSort: string,
  extras: readonly string[] = [],
): ListState & { view: NonNullable<ListState['view']> } {
  const route = useRoute()
  const router = useRouter()
  const session = useSession()
  const views = useViews()
  const home = route.name
  const own = [...new Set([...filterKeys, 'where', 'q', 'sort', 'columns', ...extras])]
  const isOwn = (key: string): boolean => own.includes(key) || isCustom(key)
  /** The filters of the list, those of custom fields by their names too. */
  const isFilter = (key: string): boolean => filterKeys.includes(key) || isCustom(key)
  const memory = `defaultView.${session.user?.id ?? 0}.${listed}`

  // While leaving for another route the old rows stay as they are.
  const query = ref(route.query)
  watch(
    () => [route.name, route.query] as const,
    ([name, now]) => {
      if (name === home) query.value = now
    },
  )
  const wanted = computed(() => texts(query.value['view_id'])[0] ?? null)
  const written = computed<Params>(() =>
    Object.fromEntries(
      Object.keys(query.value)
        .filter(isOwn)
        .map((key) => [key, texts(query.value[key])] as const)
        .filter(([, values]) => values.length > 0),
    ),
  )
  const isBare = computed(() => Object.keys(written.value).length === 0)
  const asksDefault = computed(() => wanted.value === null && isBare.value)

  const active = computed<View | null>(() => {
    if (asksDefault.value) return views.defaultOf(listed) ?? null
    return views.of(listed).find((view) => String(view.id) === wanted.value) ?? null
  })
  watch([views.areSettled, () => views.defaultOf(listed)?.id], ([settled, id]) => {
    if (settled) writeStored(memory, id !== undefined)
  })
  // Whether a view opens first is remembered, so that only who has one waits for it.
  const hasDefault = readStored<boolean>(memory) === true

  const saved = computed(() => readWhere(active.value?.where))
  const fields = useListFields(listed, () => saved.value !== null)
  const told = computed(() =>
    fields.isKnown.value
      ? pruned(saved.value, (field) => fields.byName.value.has(field))
      : { tree: saved.value, lacking: [] },
  )
  // Who may not see a field cannot ask about it either: a view of somebody else's opens without that.
  const guard = useFieldGuard(listed === 'leads' ? 'customers' : listed)
  const unread = computed(() => {
    const asked = [...Object.keys(active.value?.filters ?? {}), (active.value?.sort ?? '').replace('-', '')]
    return asked.filter((key) => !guard.canAsk(key)).map((key) => guard.ruled(key) ?? key)
  })
  const base = computed<Params>(() => (active.value ? paramsOf(active.value) : {}))

  function paramsOf(view: View): Params {
    const one = (value: string | null | undefined): readonly string[] => (value ? [value] : [])
    const filters = Object.entries((view.filters ?? {}) as Record<string, string[]>)
    const params: Record<string, readonly string[]> = {
      ...Object.fromEntries(filters.filter(([key]) => isOwn(key) && guard.canAsk(key))),
      where: one(encodeWhere(told.value.tree)),
      q: one(view.q),
      sort: [view.sort && guard.canAsk(view.sort.replace('-', '')) ? view.sort : defaultSort],
      columns: one(
        (view.columns ?? []).map(({ field, width }) => (width ? `${field}:${width}` : field)).join(','),
      ),
      view: extras.includes('view') ? [view.kind ?? 'table'] : [],
      group: extras.includes('group') ? one(view.group_by) : [],
    }
    return Object.fromEntries(Object.entries(params).filter(([, values]) => values.length > 0))
  }

  const now = computed<Params>(() => (isBare.value ? base.value : written.value))
  // What is asked about today is another question tomorrow.
  const queries = useQueryClient()
  const { today } = useToday()
  watch(today, () => {
    const resource = listed === 'leads' ? 'customers' : listed
    if (now.value['where']?.[0]?.includes('"within"'))
      void queries.invalidateQueries({ queryKey: ['list', resource] })
  })

  const isReady = computed(() => {
    const awaitsView = asksDefault.value ? hasDefault : wanted.value !== null && isBare.value
    if (awaitsView && !views.areSettled.value) return false
    return !isBare.value || saved.value === null || fields.isSettled.value
  })

  function write(change: Readonly<Record<string, readonly string[]>>): void {
    // A late keystroke must not drag the reader back from the page that was opened meanwhile.
    if (route.name !== home) return
    const mine = Object.entries({ ...now.value, ...change }).filter(
      ([key, values]) => isOwn(key) && values.length > 0,
    )
    const others = Object.entries({ ...route.query, ...change }).filter(
      ([key, value]) => !isOwn(key) && key !== 'view_id' && value != null && value.length > 0,
    )
    const next: LocationQueryRaw = Object.fromEntries(
      others.map(([key, value]) => [
        key,
        Array.isArray(value) ? [...(value as string[])] : (value as string),
      ]),
    )
    const view = active.value
    const params = Object.fromEntries(mine)
    if (view) {
      if (wanted.value !== null || !same(params, base.value)) next['view_id'] = String(view.id)
      // The order is always said: it tells that this is no longer the view as it was saved.
      if (!same(params, base.value)) Object.assign(next, { sort: defaultSort }, plain(params))
    } else {
      if (params['sort']?.[0] === defaultSort) delete params['sort']
      Object.assign(next, plain(params))
      if (wanted.value !== null || views.defaultOf(listed)) next['view_id'] = wanted.value ?? wholeList
    }
    void router.replace({ query: next })
  }

  const choice = computed<ListChoice>(() => ({
    q: now.value['q']?.[0] ?? '',
    sort: now.value['sort']?.[0] ?? defaultSort,
    filters: Object.fromEntries(Object.entries(now.value).filter(([key]) => isFilter(key))),
  }))
  const columns = { read: (): string => now.value['columns']?.[0] ?? '' }

  function definition(): ViewDefinition {
    const { filters, q, sort } = choice.value
    const plainFilters = Object.entries(filters).filter(([key]) => key !== 'where')
    return {
      resource: listed,
      kind: extras.includes('view') && now.value['view']?.[0] !== 'table' ? 'board' : 'table',
      filters: Object.fromEntries(plainFilters.map(([key, values]) => [key, [...values]])),
      where: parseWhere(filters['where']?.[0]) as View['where'],
      q: q || null,
      sort: sort === defaultSort ? null : sort,
      group_by: (now.value['group']?.[0] ?? null) as View['group_by'],
      columns: columns
        .read()
        .split(',')
        .filter(Boolean)
        .map((entry) => {
          const [field = '', width] = entry.split(':')
          return { field, width: width ? Number(width) : null }
        }),
    }
  }

  const replaceBy = (id: number | null) => ({
    query: id !== null ? { view_id: String(id) } : views.defaultOf(listed) ? { view_id: wholeList } : {},
  })
  return {
    isReady,
    choice,
    setSearch: (q) => write({ q: q ? [q] : [] }),
    setSort: (sort) => write({ sort: [sort] }),
    setFilter: (key, values) => write({ [key]: values }),
    setFilters: write,
    clear: (keep = []) =>
      write(
        Object.fromEntries(
          [...Object.keys(now.value).filter(isFilter), 'q']
            .filter((key) => !keep.includes(key))
            .map((key) => [key, []]),
        ),
      ),
    extra: (key) => (isOwn(key) ? (now.value[key]?.[0] ?? null) : (texts(query.value[key])[0] ?? null)),
    setExtra: (key, value) => write({ [key]: value === null ? [] : [value] }),
    view: {
      listed,
      active,
      isDirty: computed(() => active.value !== null && !isBare.value),
      isWorthKeeping: computed(() => active.value === null && !isBare.value),
      isAbsent: computed(
        () =>
          wanted.value !== null &&
          wanted.value !== wholeList &&
          views.areSettled.value &&
          active.value === null,
      ),
      lacking: computed(() => (isBare.value ? [...new Set([...told.value.lacking, ...unread.value])] : [])),
      definition,
      open: (id) => router.push(replaceBy(id)),
      reset: () => router.replace(replaceBy(active.value?.id ?? null)),
      columns,
    },
  }
}

function plain(params: Params): LocationQueryRaw {
  return Object.fromEntries(
    Object.entries(params).map(([key, values]) => [
      key,
      values.length === 1 ? (values[0] ?? '') : [...values],
    ]),
  )
}

function same(a: Params, b: Params): boolean {
  const text = (params: Params): string =>
    JSON.stringify(Object.entries(params).sort(([left], [right]) => (left < right ? -1 : 1)))
  return text(a) === text(b)
}
