import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { customColumns } from '@/custom/useCustomLists'
import type { CustomFields } from '@/records/useCustomFields'
import type { Column } from '@/ui/table/columns'

/** The columns of the list of contact records. */
export function useContactColumns(custom: CustomFields): ComputedRef<Column[]> {
  const { t } = useI18n()
  return computed(() => [
    {
      key: 'text',
      label: t('contact.field.text'),
      width: 220,
      fields: ['subject', 'content'],
      pinned: true,
    },
    { key: 'kind', label: t('contact.field.kind'), width: 92, sort: 'kind', isDefault: true },
    { key: 'direction', label: t('contact.field.direction'), width: 104, isDefault: true },
    {
      key: 'customer',
      label: t('contact.field.customer_id'),
      width: 140,
      fields: ['customer_id'],
      isDefault: true,
    },
    { key: 'person', label: t('contact.field.person_id'), width: 120, fields: ['person_id'] },
    { key: 'deal', label: t('contact.field.deal_id'), width: 120, fields: ['deal_id'], isDefault: true },
    { key: 'user', label: t('contact.field.user_id'), width: 124, fields: ['user_id'], isDefault: true },
    {
      key: 'occurred_at',
      label: t('contact.field.occurred_at'),
      width: 172,
      sort: 'occurred_at',
      isDefault: true,
    },
    { key: 'outcome', label: t('contact.field.outcome'), width: 104, sort: 'outcome', isDefault: true },
    {
      key: 'next_follow_up_at',
      label: t('contact.field.next_follow_up_at'),
      width: 108,
      sort: 'next_follow_up_at',
      isDefault: true,
    },
    { key: 'next_step', label: t('contact.field.next_step'), width: 180 },
    {
      key: 'duration_seconds',
      label: t('contact.field.duration_seconds'),
      width: 96,
      sort: 'duration_seconds',
      align: 'end',
    },
    { key: 'created_at', label: t('contact.field.created_at'), width: 172, sort: 'created_at' },
    ...customColumns(custom),
  ])
}
