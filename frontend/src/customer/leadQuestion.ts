import { Receipt } from '@/api/receipt'
import { rest } from '@/api/rest'
import type { Customer } from '@/api/types'
import { explain } from '@/i18n/problem'
import { t } from '@/i18n/i18n'
import type { Live } from '@/records/context'
import { toast } from '@/ui/toasts'

/** What somebody wants to do with a lead. */
export interface LeadQuestion {
  verb: 'qualify' | 'disqualify'
  customer: Customer
}

/** Takes a lead up again that was given up. */
export async function reopenLead({ id, name }: Customer, { cache, undo }: Live): Promise<void> {
  try {
    const receipt = new Receipt()
    cache.put('customers', await rest.post<Customer>(`/customers/${id}/requalify`, undefined, { receipt }))
    undo.offer(t('lead.reopened', { name }), receipt)
  } catch (fault) {
    toast(explain(fault) ?? '', { tone: 'error' })
  }
}
