import { computed, type ComputedRef } from 'vue'
import type { Resource } from '@/api/types'
import { filterKeys, type ListSpec } from '@/records/listSpec'
import { columnLink, useUrlListState, type ListChoice, type ListState } from '@/records/listState'
import { useList } from '@/records/useList'
import { useFieldGuard } from '@/records/useFieldGuard'
import { useSession } from '@/session/session'
import { useColumns, type Column, type ColumnChoice } from '@/ui/table/columns'
import { listedOf } from '@/views/lists'
import { useViewedState } from '@/views/useViewedState'
import { useTableLabels } from './useTableLabels'

interface ViewOptions {
  /** What the view is: no filter that one could take away. */
  fixed?: ListChoice['filters']
  /** Under this name the columns are remembered, where the resource has several views. */
  name?: string
}

/** A list on the screen: its rows, its columns and what decides them. */
export interface ListView<R extends Resource> {
  spec: ListSpec<R>
  /** What the person has asked for. */
  asked: ListState
  /** The same with what the view fixes. */
  state: ListState
  list: ReturnType<typeof useList<R>>
  columns: ColumnChoice
  labels: ReturnType<typeof useTableLabels>
  isFiltered: ComputedRef<boolean>
}

/** A list whose state is the address. */
export function useListView<R extends Resource>(
  spec: ListSpec<R>,
  columns: ComputedRef<readonly Column[]>,
  label: () => string,
  { fixed = {}, name = spec.resource }: ViewOptions = {},
): ListView<R> {
  const session = useSession()
  const fields = useFieldGuard(spec.resource)
  const keys = filterKeys(spec).filter((key) => !(key in fixed))
  const listed = listedOf(name)
  const asked = listed
    ? useViewedState(listed, keys, spec.defaultSort)
    : useUrlListState(keys, spec.defaultSort)
  const state: ListState = {
    ...asked,
    choice: computed(() => ({
      ...asked.choice.value,
      filters: { ...asked.choice.value.filters, ...fixed },
    })),
  }
  return {
    spec,
    asked,
    state,
    list: useList(spec, state),
    columns: useColumns(
      `${name}.${session.user?.id ?? 0}`,
      () => fields.columns(columns.value),
      columnLink(asked),
    ),
    labels: useTableLabels(label),
    isFiltered: computed(
      () => asked.choice.value.q !== '' || Object.keys(asked.choice.value.filters).length > 0,
    ),
  }
}
