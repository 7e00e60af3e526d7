import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { customColumns } from '@/custom/useCustomLists'
import type { CustomFields } from '@/records/useCustomFields'
import type { Column } from '@/ui/table/columns'
import type { CustomerView } from './customerViews'

/** The columns of a view of the customers. */
export function useCustomerColumns(view: CustomerView, custom: CustomFields): ComputedRef<Column[]> {
  const { t } = useI18n()
  const columns = computed<Column[]>(() => [
    {
      key: 'name',
      label: t('customer.name'),
      width: 208,
      sort: 'name',
      fields: ['name', 'short_name'],
      pinned: true,
    },
    { key: 'status', label: t('customer.status'), width: 84, sort: 'status', isDefault: true },
    { key: 'level', label: t('customer.level'), width: 116, sort: 'level', isDefault: true },
    { key: 'owner', label: t('customer.owner'), width: 128, fields: ['owner_id'], isDefault: true },
    { key: 'company', label: t('customer.company'), width: 126, isDefault: true },
    { key: 'phone', label: t('customer.phone'), width: 140, isDefault: true },
    { key: 'email', label: t('customer.email'), width: 200 },
    {
      key: 'first_contacted_at',
      label: t('lead.firstContacted'),
      width: 112,
      sort: 'first_contacted_at',
    },
    {
      key: 'last_contacted_at',
      label: t('customer.lastContacted'),
      width: 116,
      sort: 'last_contacted_at',
      isDefault: true,
    },
    {
      key: 'next_follow_up_at',
      label: t('customer.nextFollowUp'),
      width: 116,
      sort: 'next_follow_up_at',
      isDefault: true,
    },
    { key: 'tags', label: t('customer.tags'), width: 146, isDefault: true },
    {
      key: 'credit_rating',
      label: t('customer.creditRating'),
      width: 96,
      sort: 'credit_rating',
      align: 'end',
    },
    { key: 'industry', label: t('customer.industry'), width: 130 },
    { key: 'source', label: t('customer.source'), width: 130 },
    { key: 'city', label: t('customer.city'), width: 110, fields: ['address'] },
    { key: 'created_at', label: t('customer.createdAt'), width: 128, sort: 'created_at' },
    { key: 'age', label: t('lead.age'), width: 84, fields: ['created_at'], align: 'end' },
    { key: 'updated_at', label: t('customer.updatedAt'), width: 128, sort: 'updated_at', fields: [] },
    ...customColumns(custom),
  ])
  return computed(() => {
    const { first, fixed, hasActions } = view
    const offered = columns.value.filter(({ key }) => !(key in fixed))
    const ordered = first
      ? [
          ...first.flatMap((key) => offered.filter((column) => column.key === key)),
          ...offered.filter(({ key }) => !first.includes(key)),
        ].map((column) => ({ ...column, isDefault: first.includes(column.key) }))
      : offered
    return hasActions
      ? [...ordered, { key: 'actions', label: t('lead.actions'), width: 176, fields: [], isDefault: true }]
      : ordered
  })
}
