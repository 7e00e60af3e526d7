import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import type { Receipt } from '@/api/receipt'
import type { Deal } from '@/api/types'
import { useLive } from '@/records/context'

/** Tells of a new deal: on the board one sees it arrive and goes on there, so it is offered to be opened. */
export function useDealCreated() {
  const { t } = useI18n()
  const router = useRouter()
  const { undo } = useLive()

  return (deal: Deal, receipt: Receipt): void => {
    const run = (): void => void router.push({ name: 'deal', params: { id: deal.id } })
    undo.offer(t('deal.created', { name: deal.name }), receipt, { also: { label: t('deal.openDeal'), run } })
  }
}
