import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { rest } from '@/api/rest'
import type { CheckedCustomer, Customer } from '@/api/types'

/** What the tax id and the phone of a customer say: a warning at the one, provinces for the address. */
export function useAdvice(read: () => Customer) {
  const asked = computed(() => {
    const { id, tax_id, phone, can_write } = read()
    return { exclude_id: id, tax_id, phone: can_write ? phone : null }
  })
  const result = useQuery({
    queryKey: computed(() => ['customer-advice', asked.value]),
    enabled: computed(() => Boolean(asked.value.tax_id ?? asked.value.phone)),
    queryFn: ({ signal }) =>
      rest.post<CheckedCustomer>('/customers/check', asked.value, { receipt: null, signal }),
  })
  return {
    taxIdWarning: computed(
      () => result.data.value?.warnings.find(({ pointer }) => pointer === '#/tax_id')?.detail ?? null,
    ),
    provinces: computed(() => {
      const { address, can_write } = read()
      if (!can_write || address?.province) return []
      return result.data.value?.suggestions.filter(({ field }) => field === 'address.province') ?? []
    }),
  }
}
