import { useQueryClient } from '@tanstack/vue-query'
import { ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { Problem } from '@/api/problem'
import { Receipt } from '@/api/receipt'
import { rest, type Query } from '@/api/rest'
import type { AnyRecord, ListPage } from '@/api/types'
import { explain } from '@/i18n/problem'
import { useLive } from '@/records/context'
import { useSession } from '@/session/session'
import { changeToast, dismissToast, toast } from '@/ui/toasts'
import type { Binned, BinnedResource } from './binned'

const atOnce = 4

/** Bringing records back from the bin: one, several, or all that match. */
export function useRestoring(resource: BinnedResource) {
  const { t } = useI18n()
  const { cache, undo } = useLive()
  const queries = useQueryClient()
  const session = useSession()
  const busy = ref(false)

  /** Who deleted a record may bring it back, and who leads. */
  function may(record: Binned): boolean {
    const isTheirs = record.deleted_by === session.user?.id || session.can('record:restore')
    return record.can_write === true && isTheirs
  }

  /** Brings records back, a few at a time; what is refused is told and stays. */
  async function restore(ids: readonly number[], words: string): Promise<void> {
    if (busy.value || ids.length === 0) return
    busy.value = true
    const receipt = new Receipt()
    const refusals: unknown[] = []
    const waiting = [...ids]
    let done = 0
    const notice =
      ids.length > atOnce
        ? toast(t('bin.running'), { isLasting: true, progress: { done: 0, total: ids.length } })
        : null
    async function work(): Promise<void> {
      for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
        try {
          const path = `/${resource}/${id}/restore`
          cache.put(resource, await rest.post<AnyRecord>(path, undefined, { receipt }))
        } catch (fault) {
          refusals.push(fault)
          // Not reached: the rest would fare no better.
          if (fault instanceof Problem && fault.isUnavailable) waiting.length = 0
        }
        done += 1
        if (notice !== null) changeToast(notice, { progress: { done, total: ids.length } })
      }
    }
    await Promise.all(Array.from({ length: Math.min(atOnce, ids.length) }, work))
    if (notice !== null) dismissToast(notice)
    void queries.invalidateQueries({ queryKey: ['reference', resource] })
    const count = receipt.changesets.length
    if (count > 0)
      undo.offer(count === 1 && ids.length === 1 ? words : t('bin.restored', { count }, count), receipt)
    if (refusals.length > 0) {
      const why = [...new Set(refusals.map((fault) => explain(fault) ?? ''))].slice(0, 3).join('\n')
      const lost = ids.length - count
      toast(`${t('bin.refused', { count: lost }, lost)}\n${why}`, { tone: 'error', isLasting: true })
    }
    busy.value = false
  }

  /** All that match, however many are loaded: those that one may bring back; null when they could not be asked for. */
  async function everyOne(query: Query): Promise<number[] | null> {
    const wanted = { ...query, fields: 'id,deleted_by,can_write', per_page: 200, count: 'none' }
    const found: number[] = []
    let cursor: string | null = null
    busy.value = true
    try {
      do {
        const page: ListPage<Binned> = await rest.get(`/${resource}`, { ...wanted, cursor })
        found.push(...page.data.filter(may).map(({ id }) => id))
        cursor = page.meta.next_cursor ?? null
      } while (cursor !== null)
      return found
    } catch (fault) {
      toast(explain(fault) ?? '', { tone: 'error' })
      return null
    } finally {
      busy.value = false
    }
  }

  return { busy, may, restore, everyOne }
}
