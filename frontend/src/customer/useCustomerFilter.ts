import { computed, ref, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import type { ListFilter } from '@/layout/FilterChips.vue'
import { useRecordNames } from '@/records/useRecordNames'
import { useCustomerSearch } from './useCustomerSearch'

/** The customer as a filter of a list: searched by the server, those chosen by their names. */
export function useCustomerFilter(key: string, chosen: () => readonly string[]): ComputedRef<ListFilter> {
  const { t } = useI18n()
  const isAsked = ref(false)
  const found = useCustomerSearch(isAsked)
  const named = computed(() => chosen().filter((id) => /^\d+$/.test(id)))
  const names = useRecordNames(() => named.value.map((id) => `customers/${id}`))
  return computed(() => {
    const others = named.value.filter((id) => !found.choices.value.some(({ value }) => value === id))
    return {
      key,
      label: t('contact.field.customer_id'),
      choices: [
        ...found.choices.value,
        ...others.map((id) => ({ value: id, label: names.nameOf(`customers/${id}`) ?? `#${id}` })),
      ],
      remote: {
        search: (text) => {
          isAsked.value = true
          found.term.value = text
        },
        isSearching: found.isSearching.value,
      },
    }
  })
}
