import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { customColumns } from '@/custom/useCustomLists'
import type { CustomFields } from '@/records/useCustomFields'
import type { Column } from '@/ui/table/columns'

/** The columns of the list of people. */
export function usePersonColumns(custom: CustomFields): ComputedRef<Column[]> {
  const { t } = useI18n()
  const label = (field: string): string => t(`person.field.${field}`)
  return computed(() => [
    {
      key: 'name',
      label: label('name'),
      width: 208,
      sort: 'name',
      fields: ['name', 'is_primary', 'has_left'],
      pinned: true,
    },
    {
      key: 'customer',
      label: label('customer_id'),
      width: 200,
      sort: 'customer_name',
      fields: ['customer_id', 'customers'],
      isDefault: true,
    },
    { key: 'title', label: label('title'), width: 140, sort: 'title', isDefault: true },
    { key: 'department', label: label('department'), width: 120, sort: 'department' },
    { key: 'decision_role', label: label('decision_role'), width: 124, isDefault: true },
    { key: 'phones', label: label('phone'), width: 170, fields: ['phones', 'phone'], isDefault: true },
    { key: 'emails', label: label('email'), width: 210, fields: ['emails', 'email'], isDefault: true },
    { key: 'wechat', label: label('wechat'), width: 120 },
    { key: 'qq', label: label('qq'), width: 110 },
    { key: 'birthday', label: label('birthday'), width: 112 },
    { key: 'created_at', label: t('customer.createdAt'), width: 128, sort: 'created_at', fields: [] },
    {
      key: 'updated_at',
      label: t('customer.updatedAt'),
      width: 116,
      sort: 'updated_at',
      fields: [],
      isDefault: true,
    },
    ...customColumns(custom),
  ])
}
