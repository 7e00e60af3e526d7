import { useI18n } from 'vue-i18n'
import type { Bulk } from '@/bulk/declaration'
import { useOptions } from '@/records/useOptions'

const kinds = ['new', 'renewal', 'expansion'] as const
const forecasts = ['committed', 'best_case', 'pipeline', 'omitted'] as const

/** What can be done with many deals at once; their stage is moved, which asks what the stage needs. */
export function useDealBulk(): Bulk {
  const { t } = useI18n()
  const sources = useOptions('source')
  return {
    resource: 'deals',
    permission: 'deal:write',
    assign: 'deal:assign',
    fields: () => [
      { field: 'expected_close_on', label: t('deal.field.expected_close_on'), kind: 'date' },
      {
        field: 'forecast_category',
        label: t('deal.field.forecast_category'),
        kind: 'choice',
        choices: forecasts.map((value) => ({ value, label: t(`deal.forecastName.${value}`) })),
      },
      {
        field: 'kind',
        label: t('deal.field.kind'),
        kind: 'choice',
        choices: kinds.map((value) => ({ value, label: t(`deal.kindName.${value}`) })),
        isRequired: true,
      },
      { field: 'source', label: t('deal.field.source'), kind: 'choice', choices: sources.choices.value },
      { field: 'next_step', label: t('deal.field.next_step'), kind: 'text' },
      { field: 'next_step_on', label: t('deal.field.next_step_on'), kind: 'date' },
    ],
  }
}
