import type { Ref } from 'vue'
import type { BoardColumn, Pipeline } from '@/api/types'
import { useSession } from '@/session/session'

/** What a deal has that is entered in a column; null where none can be: in closed stages, under other people. */
export function useColumnDefaults(pipeline: () => Pipeline, canWrite: Ref<boolean>) {
  const session = useSession()
  return (column: BoardColumn): Record<string, unknown> | null => {
    if (!canWrite.value) return null
    if (column.stage_id !== null) return column.kind === 'open' ? { stage_id: column.stage_id } : null
    const inPipeline = { pipeline_id: pipeline().id }
    if (column.owner_id !== null) {
      if (column.owner_id === session.user?.id) return inPipeline
      return session.can('deal:assign') ? { ...inPipeline, owner_id: column.owner_id } : null
    }
    if (column.month === null) return inPipeline
    const [year = 0, month = 1] = column.month.split('-').map(Number)
    const last = new Date(Date.UTC(year, month, 0)).getUTCDate()
    return { ...inPipeline, expected_close_on: `${column.month}-${last}` }
  }
}
