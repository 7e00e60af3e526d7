import { useQueryClient } from '@tanstack/vue-query'
import { useI18n } from 'vue-i18n'
import { rest } from '@/api/rest'
import type { AnyRecord, Resource } from '@/api/types'
import { explain } from '@/i18n/problem'
import { useLive } from '@/records/context'
import { toast } from '@/ui/toasts'

/** Deletes a record of a resource, with a way back in the notice. */
export function useRemoval(resource: Resource) {
  const { t } = useI18n()
  const { cache } = useLive()
  const queries = useQueryClient()
  const refresh = (): void => void queries.invalidateQueries({ queryKey: ['reference', resource] })

  async function restore(id: number): Promise<void> {
    try {
      cache.put(resource, await rest.post<AnyRecord>(`/${resource}/${id}/restore`))
      refresh()
    } catch (fault) {
      toast(explain(fault) ?? '', { tone: 'error' })
    }
  }

  async function remove(record: AnyRecord & { name: string }): Promise<void> {
    await rest.delete(`/${resource}/${record.id}`, { version: record.version ?? null })
    cache.drop(resource, record.id)
    refresh()
    toast(t('admin.removed', { name: record.name }), {
      action: { label: t('action.undo'), run: () => void restore(record.id) },
    })
  }

  return { remove, restore }
}
