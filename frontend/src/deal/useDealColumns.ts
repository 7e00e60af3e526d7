import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { customColumns } from '@/custom/useCustomLists'
import { columnLink, type ListState } from '@/records/listState'
import type { CustomFields } from '@/records/useCustomFields'
import { useFieldGuard } from '@/records/useFieldGuard'
import { useSession } from '@/session/session'
import { useColumns, type Column, type ColumnChoice } from '@/ui/table/columns'

/** The columns of the list of deals. */
export function useDealColumns(state: ListState, custom: CustomFields): ColumnChoice {
  const { t } = useI18n()
  const session = useSession()
  const fields = useFieldGuard('deals')
  const columns = computed<Column[]>(() => [
    { key: 'name', label: t('deal.field.name'), width: 220, sort: 'name', pinned: true },
    {
      key: 'customer',
      label: t('deal.field.customer_id'),
      width: 180,
      fields: ['customer_id'],
      isDefault: true,
    },
    {
      key: 'stage',
      label: t('deal.field.stage_id'),
      width: 132,
      sort: 'stage_id',
      fields: ['stage_id'],
      isDefault: true,
    },
    {
      key: 'amount',
      label: t('deal.field.amount'),
      width: 124,
      sort: 'amount',
      align: 'end',
      isDefault: true,
    },
    {
      key: 'win_probability',
      label: t('deal.field.win_probability'),
      width: 96,
      sort: 'win_probability',
      align: 'end',
    },
    {
      key: 'expected_close_on',
      label: t('deal.field.expected_close_on'),
      width: 124,
      sort: 'expected_close_on',
      isDefault: true,
    },
    {
      key: 'next_step',
      label: t('deal.field.next_step'),
      width: 180,
      sort: 'next_step_on',
      fields: ['next_step', 'next_step_on'],
      isDefault: true,
    },
    {
      key: 'stage_entered_at',
      label: t('deal.daysColumn'),
      width: 96,
      sort: 'stage_entered_at',
      align: 'end',
      isDefault: true,
    },
    { key: 'owner', label: t('deal.field.owner_id'), width: 124, fields: ['owner_id'], isDefault: true },
    { key: 'pipeline', label: t('deal.field.pipeline_id'), width: 124, fields: ['pipeline_id'] },
    { key: 'kind', label: t('deal.field.kind'), width: 92 },
    {
      key: 'forecast_category',
      label: t('deal.field.forecast_category'),
      width: 124,
      sort: 'forecast_category',
    },
    { key: 'source', label: t('deal.field.source'), width: 120 },
    { key: 'lost_reason', label: t('deal.field.lost_reason'), width: 140 },
    { key: 'opened_on', label: t('deal.field.opened_on'), width: 124, sort: 'opened_on' },
    { key: 'closed_on', label: t('deal.field.closed_on'), width: 124, sort: 'closed_on' },
    { key: 'created_at', label: t('deal.field.created_at'), width: 124, sort: 'created_at' },
    { key: 'updated_at', label: t('deal.field.updated_at'), width: 124, sort: 'updated_at', fields: [] },
    ...customColumns(custom),
  ])
  return useColumns(`deals.${session.user?.id ?? 0}`, () => fields.columns(columns.value), columnLink(state))
}
