import { useI18n } from 'vue-i18n'
import type { Bulk } from '@/bulk/declaration'
import type { OptionList } from '@/records/useOptions'
import { customerStatuses } from './customerList'

/** What can be done with many customers at once. */
export function useCustomerBulk(options: Record<'level' | 'source' | 'industry', OptionList>): Bulk {
  const { t } = useI18n()
  return {
    resource: 'customers',
    permission: 'customer:write',
    assign: 'customer:assign',
    hasPool: true,
    hasTags: true,
    handsOver: true,
    merging: 'customer-merge',
    fields: () => [
      {
        field: 'status',
        label: t('customer.status'),
        kind: 'choice',
        choices: customerStatuses.map((value) => ({ value, label: t(`customer.statusName.${value}`) })),
        isRequired: true,
      },
      { field: 'level', label: t('customer.level'), kind: 'choice', choices: options.level.choices.value },
      { field: 'source', label: t('customer.source'), kind: 'choice', choices: options.source.choices.value },
      { field: 'source_detail', label: t('customer.sourceDetail'), kind: 'text' },
      {
        field: 'industry',
        label: t('customer.industry'),
        kind: 'choice',
        choices: options.industry.choices.value,
      },
      { field: 'credit_rating', label: t('customer.creditRating'), kind: 'number' },
    ],
  }
}
