import { ref, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { randomKey } from '@/api/key'
import { Problem } from '@/api/problem'
import { rest } from '@/api/rest'
import type { Deal } from '@/api/types'
import { explain } from '@/i18n/problem'
import { useLive } from '@/records/context'
import { toast } from '@/ui/toasts'

/** Deleting a deal, with a way back, and making another one after it. */
export function useDealActions(deal: Ref<Deal | undefined>) {
  const { t } = useI18n()
  const router = useRouter()
  const { cache } = useLive()
  const busy = ref(false)

  async function restore(id: number): Promise<void> {
    try {
      cache.put('deals', await rest.post<Deal>(`/deals/${id}/restore`))
      await router.push({ name: 'deal', params: { id } })
    } catch (fault) {
      toast(explain(fault) ?? '', { tone: 'error' })
    }
  }

  async function remove(): Promise<void> {
    if (!deal.value || busy.value) return
    const { id, name, version } = deal.value
    busy.value = true
    try {
      await rest.delete(`/deals/${id}`, { version })
      await router.push({ name: 'deals' })
      cache.drop('deals', id)
      toast(t('deal.removed', { name }), {
        action: { label: t('action.undo'), run: () => void restore(id) },
      })
    } catch (fault) {
      toast(explain(fault) ?? '', { tone: 'error' })
    } finally {
      busy.value = false
    }
  }

  /** Makes a new deal after this one and opens it. */
  async function clone(): Promise<void> {
    if (!deal.value || busy.value) return
    const { id, name } = deal.value
    busy.value = true
    try {
      const made = await rest.post<Deal>(`/deals/${id}/clone`, {}, { idempotencyKey: randomKey() })
      cache.put('deals', made)
      await router.push({ name: 'deal', params: { id: made.id } })
      toast(t('deal.cloned', { name }))
    } catch (fault) {
      const named = fault instanceof Problem ? fault.errors[0]?.detail : undefined
      toast([explain(fault), named].filter(Boolean).join(' '), { tone: 'error' })
    } finally {
      busy.value = false
    }
  }

  return { busy, remove, clone }
}
