import { useQueryClient } from '@tanstack/vue-query'
import { Receipt } from '@/api/receipt'
import { rest } from '@/api/rest'
import type { AnyRecord, Resource, ResourceMap } from '@/api/types'
import { t } from '@/i18n/i18n'
import { explain } from '@/i18n/problem'
import { toast } from '@/ui/toasts'
import { useLive } from './context'
import { isUndoable } from './undo'

interface RemovalOptions {
  /** Leaves the page of what is gone, before it goes. */
  leave?: () => unknown
  /** Goes to it again once it is back. */
  back?: () => unknown
}

/** Deletes records of a resource, with a way back in the notice, and brings deleted ones back. */
export function useRemoval<R extends Resource>(resource: R) {
  const { cache, undo } = useLive()
  const queries = useQueryClient()
  const refresh = (): void => void queries.invalidateQueries({ queryKey: ['reference', resource] })

  /**
   * Deletes a record and says so.
   *
   * @throws Problem as the server refuses.
   */
  async function remove(record: AnyRecord, words: string, options: RemovalOptions = {}): Promise<void> {
    const receipt = new Receipt()
    await rest.delete(`/${resource}/${record.id}`, { version: record.version ?? null, receipt })
    await options.leave?.()
    cache.drop(resource, record.id)
    refresh()
    if (isUndoable(resource)) {
      undo.offer(words, receipt, { then: () => void options.back?.() })
      return
    }
    const run = (): void => void restore(record.id).then((isBack) => isBack && options.back?.())
    toast(words, { actions: [{ label: t('action.undo'), run }] })
  }

  /** The same for places without a field to tell a refusal at: it is told by a notice. Resolves with whether it is gone. */
  async function tryRemove(record: AnyRecord, words: string, options: RemovalOptions = {}): Promise<boolean> {
    try {
      await remove(record, words, options)
      return true
    } catch (fault) {
      tell(fault)
      return false
    }
  }

  /** Brings a deleted record back; resolves with whether it is there. */
  async function restore(id: number, words?: (record: ResourceMap[R]) => string): Promise<boolean> {
    const receipt = new Receipt()
    try {
      const record = await rest.post<ResourceMap[R] & AnyRecord>(`/${resource}/${id}/restore`, undefined, {
        receipt,
      })
      cache.put(resource, record)
      refresh()
      if (words) undo.offer(words(record), receipt)
      return true
    } catch (fault) {
      tell(fault)
      return false
    }
  }

  return { remove, tryRemove, restore }
}

function tell(fault: unknown): void {
  const words = explain(fault)
  if (words) toast(words, { tone: 'error' })
}
