import { computed, type Ref } from 'vue'
import type { Customer } from '@/api/types'
import { useRecordSearch } from '@/records/useRecordSearch'

/** Customers to choose one from, each with the employer that tells it from its namesakes. */
export function useCustomerSearch(enabled: Ref<boolean>) {
  const { term, records, isSearching } = useRecordSearch<Pick<Customer, 'id' | 'name' | 'company'>>(
    'customers',
    { fields: 'id,name,company' },
    enabled,
  )
  const choices = computed(() =>
    records.value.map(({ id, name, company }) => ({
      value: String(id),
      label: name,
      ...(company && company !== name ? { hint: company } : {}),
    })),
  )
  return { term, choices, isSearching }
}
