import { computed, ref, type ComputedRef, type Ref } from 'vue'
import { useRoute, useRouter, type LocationQueryRaw } from 'vue-router'
import type { View } from '@/api/types'
import type { ColumnLink } from '@/ui/table/columns'
import { isCustom } from './listSpec'

/** What decides which rows a list shows, and in which order. */
export interface ListChoice {
  q: string
  sort: string
  filters: Readonly<Record<string, readonly string[]>>
}

/** The saved view by which a list is shown, where the list has views. */
export interface ListView {
  /** The list that views are made of. */
  listed: Listed
  /** The view that is shown; null for the whole list. */
  active: ComputedRef<View | null>
  /** Something was changed since the view was opened. */
  isDirty: ComputedRef<boolean>
  /** Something is narrowed, sorted or arranged that could be kept as a view. */
  isWorthKeeping: ComputedRef<boolean>
  /** The address names a view that is not there for this reader. */
  isAbsent: ComputedRef<boolean>
  /** Fields that the view asks about and that the list no longer has. */
  lacking: ComputedRef<readonly string[]>
  /** What would be saved now. */
  definition(): ViewDefinition
  /** Shows a view, or with null the whole list. */
  open(id: number | null): Promise<unknown>
  /** Takes back what was changed since the view was opened. */
  reset(): Promise<unknown>
  /** Told by the table: how its columns are arranged. */
  columns: { read(): string }
}

/** What a view says of its list. */
export type ViewDefinition = Pick<
  View,
  'resource' | 'kind' | 'filters' | 'where' | 'q' | 'sort' | 'group_by' | 'columns'
>
/** A list that views are made of. */
export type Listed = View['resource']

/** A list's choice and the ways to change it. */
export interface ListState {
  /** False until it is known by which view the list is shown. */
  isReady?: ComputedRef<boolean>
  view?: ListView
  choice: ComputedRef<ListChoice>
  setSearch(q: string): void
  setSort(sort: string): void
  /** An empty list of values takes the filter away. */
  setFilter(key: string, values: readonly string[]): void
  /** Several filters in one step. */
  setFilters(changes: Readonly<Record<string, readonly string[]>>): void
  /** Takes the search and all filters away but those named. */
  clear(keep?: readonly string[]): void
  /** Other parameters of the address that belong to the list (`columns`). */
  extra(key: string): string | null
  setExtra(key: string, value: string | null): void
}

/** The texts of a parameter of the address. */
export function texts(value: unknown): string[] {
  const list = Array.isArray(value) ? value : [value]
  return list.filter((entry): entry is string => typeof entry === 'string' && entry !== '')
}

/**
 * The address bar as the state of a list: what is filtered can be sent to a colleague and survives a
 * reload. Unknown parameters are left alone.
 */
export function useUrlListState(filterKeys: readonly string[], defaultSort: string): ListState {
  const route = useRoute()
  const router = useRouter()
  const home = route.name
  const write = (change: LocationQueryRaw): void => {
    // A late keystroke must not drag the reader back from the page that was opened meanwhile.
    if (route.name !== home) return
    const wanted = Object.entries({ ...route.query, ...change }).filter(
      ([, value]) => value != null && value !== '' && !(Array.isArray(value) && value.length === 0),
    )
    const query: LocationQueryRaw = Object.fromEntries(wanted)
    void router.replace({ query })
  }
  const last = ref<ListChoice>({ q: '', sort: defaultSort, filters: {} })
  const choice = computed<ListChoice>(() => {
    // While leaving for another route the old rows stay as they are.
    if (route.name !== home) return last.value
    const filters: Record<string, string[]> = {}
    for (const key of [...filterKeys, ...Object.keys(route.query).filter(isCustom)]) {
      const values = texts(route.query[key])
      if (values.length > 0) filters[key] = values
    }
    return {
      q: texts(route.query['q'])[0] ?? '',
      sort: texts(route.query['sort'])[0] ?? defaultSort,
      filters,
    }
  })
  return {
    choice,
    setSearch: (q) => {
      last.value = choice.value
      write({ q: q || null })
    },
    setSort: (sort) => write({ sort: sort === defaultSort ? null : sort }),
    setFilter: (key, values) => write({ [key]: [...values] }),
    setFilters: (changes) =>
      write(Object.fromEntries(Object.entries(changes).map(([key, values]) => [key, [...values]]))),
    clear: (keep = []) => {
      const known = [...filterKeys, ...Object.keys(route.query).filter(isCustom)]
      const gone = known.filter((key) => !keep.includes(key)).map((key) => [key, null])
      write({ q: null, ...Object.fromEntries(gone) })
    },
    extra: (key) => texts(route.query[key])[0] ?? null,
    setExtra: (key, value) => write({ [key]: value }),
  }
}

/** How the arrangement of a table's columns goes into the address, and into the view that is shown. */
export function columnLink(state: ListState): ColumnLink {
  return {
    read: () => state.extra('columns'),
    write: (value) => state.setExtra('columns', value),
    ofView: () => state.view?.active.value != null,
    tell: (read) => {
      if (state.view) state.view.columns.read = read
    },
  }
}

/** The state of a list inside a page (the deals of one customer): not in the address. */
export function useLocalListState(defaultSort: string, fixed: Ref<ListChoice['filters']>): ListState {
  const q = ref('')
  const sort = ref(defaultSort)
  const chosen = ref<Record<string, readonly string[]>>({})
  return {
    choice: computed(() => ({ q: q.value, sort: sort.value, filters: { ...chosen.value, ...fixed.value } })),
    setSearch: (value) => (q.value = value),
    setSort: (value) => (sort.value = value),
    setFilter: (key, values) => (chosen.value = { ...chosen.value, [key]: values }),
    setFilters: (changes) => (chosen.value = { ...chosen.value, ...changes }),
    clear: (keep = []) => {
      q.value = ''
      chosen.value = Object.fromEntries(Object.entries(chosen.value).filter(([key]) => keep.includes(key)))
    },
    extra: () => null,
    setExtra: () => undefined,
  }
}
