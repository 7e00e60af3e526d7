import { ref, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { rest } from '@/api/rest'
import type { Deal } from '@/api/types'
import { explain } from '@/i18n/problem'
import { useLive } from '@/records/context'
import { toast } from '@/ui/toasts'

/** Deleting a deal, with a way back. */
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

  return { busy, remove }
}
