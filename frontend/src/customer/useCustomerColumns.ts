import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { customColumns } from '@/custom/useCustomLists'
import type { ListState } from '@/records/listState'
import type { CustomFields } from '@/records/useCustomFields'
import { useSession } from '@/session/session'
import { useColumns, type Column, type ColumnChoice } from '@/ui/table/columns'

const ofLeads = ['name', 'source', 'owner', 'phone', 'created_at', 'first_contacted_at', 'age']

/** The columns of the customer list, and of its view of the leads, which begins with others and ends with actions. */
export function useCustomerColumns(
  state: ListState,
  custom: CustomFields,
  view: 'customers' | 'leads' = 'customers',
): ColumnChoice {
  const { t } = useI18n()
  const session = useSession()
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
  const shown = computed<Column[]>(() =>
    view === 'customers'
      ? columns.value
      : [
          ...ofLeads.flatMap((key) => columns.value.filter((column) => column.key === key)),
          ...columns.value.filter(({ key }) => key !== 'status' && !ofLeads.includes(key)),
        ]
          .map((column) => ({ ...column, isDefault: ofLeads.includes(column.key) }))
          .concat({ key: 'actions', label: t('lead.actions'), width: 176, fields: [], isDefault: true }),
  )
  return useColumns(`${view}.${session.user?.id ?? 0}`, () => shown.value, {
    read: () => state.extra('columns'),
    write: (value) => state.setExtra('columns', value),
  })
}
