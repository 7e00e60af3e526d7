import { useQueryClient } from '@tanstack/vue-query'
import { useI18n } from 'vue-i18n'
import { rest } from '@/api/rest'
import type { Dashboard } from '@/api/types'
import { explain } from '@/i18n/problem'
import { useLive } from '@/records/context'
import { toast } from '@/ui/toasts'

/** Deletes a dashboard, with a way back in the notice. */
export function useRemoveDashboard(gone: () => void) {
  const { t } = useI18n()
  const { cache } = useLive()
  const queries = useQueryClient()
  const refresh = (): void => void queries.invalidateQueries({ queryKey: ['reference', 'dashboards'] })

  async function restore(id: number): Promise<void> {
    try {
      cache.put('dashboards', await rest.post<Dashboard>(`/dashboards/${id}/restore`))
      refresh()
    } catch (fault) {
      toast(explain(fault) ?? '', { tone: 'error' })
    }
  }

  return async (board: Dashboard): Promise<void> => {
    try {
      await rest.delete(`/dashboards/${board.id}`, { version: board.version })
      cache.drop('dashboards', board.id)
      gone()
      refresh()
      toast(t('dashboard.removed', { name: board.name }), {
        action: { label: t('action.undo'), run: () => void restore(board.id) },
      })
    } catch (fault) {
      toast(explain(fault) ?? '', { tone: 'error' })
    }
  }
}
