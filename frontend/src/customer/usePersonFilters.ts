import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { useCustomFilters } from '@/custom/useCustomLists'
import type { ListFilter } from '@/layout/FilterChips.vue'
import type { ListChoice } from '@/records/listState'
import type { CustomFields } from '@/records/useCustomFields'
import type { OptionList } from '@/records/useOptions'
import { useFieldGuard } from '@/records/useFieldGuard'
import { useUsers } from '@/records/useUsers'
import { useCustomerFilter } from './useCustomerFilter'

/** What people can be filtered by, as chips. */
export function usePersonFilters(
  chosen: () => ListChoice['filters'],
  roles: OptionList,
  custom: CustomFields,
) {
  const { t } = useI18n()
  const users = useUsers()
  const ofCustom = useCustomFilters(custom)
  const { canAsk } = useFieldGuard('people')
  const customers = useCustomerFilter('at_customer_id', () => chosen()['at_customer_id'] ?? [])
  return {
    filters: computed<ListFilter[]>(() =>
      [
        customers.value,
        {
          key: 'owner_id',
          label: t('person.owner'),
          choices: [...users.choices.value, { value: 'none', label: t('customer.pool') }],
        },
        {
          key: 'decision_role',
          label: t('person.field.decision_role'),
          choices: [...roles.choices.value, { value: 'none', label: t('field.none') }],
        },
        ...(['is_primary', 'has_left'] as const).map((key) => ({
          key,
          label: t(`person.field.${key}`),
          choices: [
            { value: 'true', label: t('field.yes') },
            { value: 'false', label: t('field.no') },
          ],
        })),
        ...ofCustom.filters.value,
      ].filter(({ key }) => canAsk(key)),
    ),
    ranges: ofCustom.ranges,
  }
}
