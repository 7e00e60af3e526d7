import type { ComputedRef } from 'vue'
import { useTableLabels } from '@/layout/useTableLabels'
import { filterKeys, type ListSpec } from '@/records/listSpec'
import { columnLink, useUrlListState } from '@/records/listState'
import type { Resource } from '@/api/types'
import { useList } from '@/records/useList'
import { useSession } from '@/session/session'
import { listedOf } from '@/views/lists'
import { useViewedState } from '@/views/useViewedState'
import { useColumns, type Column } from '@/ui/table/columns'

/** A table of administration: its rows, its columns, and the address as its state. */
export function useAdminTable<R extends Resource>(
  spec: ListSpec<R>,
  columns: ComputedRef<readonly Column[]>,
  label: () => string,
) {
  const session = useSession()
  const listed = listedOf(spec.resource)
  const keys = filterKeys(spec)
  const state = listed
    ? useViewedState(listed, keys, spec.defaultSort)
    : useUrlListState(keys, spec.defaultSort)
  return {
    state,
    list: useList(spec, state),
    columns: useColumns(`${spec.resource}.${session.user?.id ?? 0}`, () => columns.value, columnLink(state)),
    labels: useTableLabels(label),
  }
}
