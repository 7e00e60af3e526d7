import { computed, ref, shallowRef, watch, type Ref } from 'vue'
import type { AnyRecord } from '@/api/types'
import type { ListChoice } from './listState'

/** What a change to many records is about: those named, or all that match the query of a list. */
export type Target = { ids: number[] } | { query: string }

interface Listed {
  /** The rows that are loaded. */
  rows: () => readonly AnyRecord[]
  hasMore: () => boolean
  /** How many match; null while nobody knows. */
  total: () => number | null
  choice: () => ListChoice
}

/** A list's choice as it stands in the address of the API. */
export function queryOf({ q, sort, filters }: ListChoice): string {
  const query = new URLSearchParams()
  for (const [key, values] of Object.entries(filters)) for (const value of values) query.append(key, value)
  if (q) query.set('q', q)
  query.set('sort', sort)
  return query.toString()
}

/**
 * Which records of a list are chosen: single ones, or all that match, loaded or not.
 *
 * Single ones stay chosen whatever happens to the list, until it is asked something else; those that no longer match
 * are counted apart.
 */
export function useSelection(list: Listed) {
  const single = shallowRef<ReadonlySet<number>>(new Set())
  const isAll = ref(false)
  const left = shallowRef<ReadonlySet<number>>(new Set())
  const chosen: Ref<ReadonlySet<number>> = computed({
    get: () => (isAll.value ? new Set(list.rows().map(({ id }) => id)) : single.value),
    set: (ids) => {
      isAll.value = false
      single.value = ids
      left.value = new Set([...left.value].filter((id) => ids.has(id)))
    },
  })

  function clear(): void {
    chosen.value = new Set()
  }
  watch(() => JSON.stringify(list.choice()), clear)
  watch(list.rows, (now, before) => {
    if (single.value.size === 0) return
    const present = new Set(now.map(({ id }) => id))
    const gone = before.map(({ id }) => id).filter((id) => single.value.has(id) && !present.has(id))
    const back = [...left.value].filter((id) => present.has(id))
    if (gone.length === 0 && back.length === 0) return
    left.value = new Set([...left.value, ...gone].filter((id) => !present.has(id)))
  })

  return {
    /** The ids that are shown as chosen. */
    chosen,
    isAll,
    /** How many are chosen; null where all are and nobody has counted them yet. */
    count: computed(() => (isAll.value ? list.total() : single.value.size)),
    /** How many of the single ones no longer match. */
    leftCount: computed(() => left.value.size),
    /** More match than are loaded and chosen. */
    canChooseAll: computed(() => !isAll.value && list.hasMore()),
    target: computed<Target>(() =>
      isAll.value ? { query: queryOf(list.choice()) } : { ids: [...single.value] },
    ),
    /** Chooses these and no others. */
    choose: (ids: readonly number[]) => {
      chosen.value = new Set(ids)
    },
    chooseAll(): void {
      if (list.hasMore()) {
        isAll.value = true
        single.value = left.value = new Set()
      } else chosen.value = new Set(list.rows().map(({ id }) => id))
    },
    /** Lets those go that no longer match. */
    dropLeft(): void {
      chosen.value = new Set([...single.value].filter((id) => !left.value.has(id)))
    },
    clear,
  }
}

/** What is chosen of a list. */
export type Selection = ReturnType<typeof useSelection>
