import type { ComputedRef } from 'vue'
import { useTableLabels } from '@/layout/useTableLabels'
import { filterKeys, type ListSpec } from '@/records/listSpec'
import { useUrlListState } from '@/records/listState'
import type { Resource } from '@/api/types'
import { useList } from '@/records/useList'
import { useSession } from '@/session/session'
import { useColumns, type Column } from '@/ui/table/columns'

/** A table of administration: its rows, its columns, and the address as its state. */
export function useAdminTable<R extends Resource>(
  spec: ListSpec<R>,
  columns: ComputedRef<readonly Column[]>,
  label: () => string,
) {
  const session = useSession()
  const state = useUrlListState(filterKeys(spec), spec.defaultSort)
  return {
    state,
    list: useList(spec, state),
    columns: useColumns(`${spec.resource}.${session.user?.id ?? 0}`, () => columns.value, {
      read: () => state.extra('columns'),
      write: (value) => state.setExtra('columns', value),
    }),
    labels: useTableLabels(label),
  }
}
