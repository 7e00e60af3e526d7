import { rest } from '@/api/rest'
import type { Customer } from '@/api/types'
import { explain } from '@/i18n/problem'
import { t } from '@/i18n/i18n'
import type { LiveCache } from '@/records/live'
import { toast } from '@/ui/toasts'

/** What somebody wants to do with a lead. */
export interface LeadQuestion {
  verb: 'qualify' | 'disqualify'
  customer: Customer
}

/** Takes a lead up again that was given up. */
export async function reopenLead({ id, name }: Customer, cache: LiveCache): Promise<void> {
  try {
    cache.put('customers', await rest.post<Customer>(`/customers/${id}/requalify`))
    toast(t('lead.reopened', { name }))
  } catch (fault) {
    toast(explain(fault) ?? '', { tone: 'error' })
  }
}
