import { useI18n } from 'vue-i18n'
import type { Customer } from '@/api/types'
import { useOtherFields } from '@/history/useOtherFields'
import type { Paired, PairedResource } from './duplicates'
import { useCustomerFields } from './useCustomerFields'

/** What the fields of records that may be one are called and say, and what speaks for and against it. */
export function usePairFields(resource: PairedResource) {
  const { t } = useI18n()
  const ofCustomers = useCustomerFields()
  const ofPeople = useOtherFields('person')

  function label(field: string): string {
    if (field === 'created_at') return t('customer.createdAt')
    if (field === 'last_contacted_at') return t('customer.lastContacted')
    if (resource === 'people') return t(`person.field.${field === 'customer' ? 'customer_id' : field}`)
    return ofCustomers.describe(field as keyof Customer, null).label
  }

  function say(field: string, record: Paired): string {
    const value = record[field]
    if (resource === 'customers') return ofCustomers.describe(field as keyof Customer, value).value
    if (field === 'customer') return (value as { name: string } | null)?.name ?? ''
    if (field === 'has_left' && value === false) return ''
    return ofPeople.describe(field, value).value
  }

  const isOfPeople = resource === 'people'
  return {
    label,
    say,
    reason: (code: string): string =>
      t(isOfPeople ? `pairs.person.reason.${code}` : `duplicate.reason.${code}`),
    objection: (code: string): string =>
      t(isOfPeople ? `pairs.person.objection.${code}` : `pairs.objection.${code}`),
  }
}
