import { ref, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { randomKey } from '@/api/key'
import { Problem } from '@/api/problem'
import { Receipt } from '@/api/receipt'
import { rest } from '@/api/rest'
import type { Deal } from '@/api/types'
import { explain } from '@/i18n/problem'
import { useLive } from '@/records/context'
import { useRemoval } from '@/records/useRemoval'
import { toast } from '@/ui/toasts'

/** Deleting a deal, with a way back, and making another one after it. */
export function useDealActions(deal: Ref<Deal | undefined>) {
  const { t } = useI18n()
  const router = useRouter()
  const { cache, undo } = useLive()
  const { tryRemove } = useRemoval('deals')
  const busy = ref(false)

  async function remove(): Promise<void> {
    if (!deal.value || busy.value) return
    const { id, name, version } = deal.value
    busy.value = true
    await tryRemove({ id, version }, t('deal.removed', { name }), {
      leave: () => router.push({ name: 'deals' }),
      back: () => router.push({ name: 'deal', params: { id } }),
    })
    busy.value = false
  }

  /** Makes a new deal after this one and opens it. */
  async function clone(): Promise<void> {
    if (!deal.value || busy.value) return
    const { id, name } = deal.value
    busy.value = true
    try {
      const receipt = new Receipt()
      const made = await rest.post<Deal>(`/deals/${id}/clone`, undefined, {
        idempotencyKey: randomKey(),
        receipt,
      })
      cache.put('deals', made)
      await router.push({ name: 'deal', params: { id: made.id } })
      undo.offer(t('deal.cloned', { name }), receipt)
    } catch (fault) {
      const named = fault instanceof Problem ? fault.errors[0]?.detail : undefined
      toast([explain(fault), named].filter(Boolean).join(' '), { tone: 'error' })
    } finally {
      busy.value = false
    }
  }

  return { busy, remove, clone }
}
