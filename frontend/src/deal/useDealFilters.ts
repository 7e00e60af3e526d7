import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { useCustomFilters } from '@/custom/useCustomLists'
import type { ListFilter } from '@/layout/FilterChips.vue'
import type { ListRange } from '@/layout/useRanges'
import type { ListChoice } from '@/records/listState'
import type { CustomFields } from '@/records/useCustomFields'
import { useFieldGuard } from '@/records/useFieldGuard'
import { useOptions } from '@/records/useOptions'
import { useReference } from '@/records/useReference'
import { useUsers } from '@/records/useUsers'
import type { usePipelines } from './usePipelines'

/** What deals can be filtered by, as chips. */
export function useDealFilters(
  isTable: () => boolean,
  stages: ReturnType<typeof usePipelines>,
  pipelineId: () => number | undefined,
  chosen: () => ListChoice['filters'],
  custom: CustomFields,
): { filters: ComputedRef<ListFilter[]>; ranges: ComputedRef<ListRange[]> } {
  const { t } = useI18n()
  const users = useUsers()
  const teams = useReference('teams')
  const sources = useOptions('source')
  const reasons = useOptions('lost_reason')
  const ofCustom = useCustomFilters(custom)
  const { canAsk } = useFieldGuard('deals')

  const common = computed<ListFilter[]>(() => [
    { key: 'owner_id', label: t('deal.field.owner_id'), choices: users.choices.value },
    {
      key: 'team_id',
      label: t('deal.field.team_id'),
      choices: teams.value
        .filter((team) => team.is_active)
        .map((team) => ({ value: String(team.id), label: team.name })),
    },
  ])
  /** What only closed deals have is offered where they are looked at. */
  const isClosed = computed(() =>
    ['state', 'lost_reason', 'closed_from', 'closed_to'].some((key) =>
      (chosen()[key] ?? []).some((value) => value !== 'open'),
    ),
  )
  const kinds = computed<ListFilter>(() => ({
    key: 'kind',
    label: t('deal.field.kind'),
    choices: (['new', 'renewal', 'expansion'] as const).map((value) => ({
      value,
      label: t(`deal.kindName.${value}`),
    })),
  }))
  const categories = computed<ListFilter>(() => ({
    key: 'forecast_category',
    label: t('deal.field.forecast_category'),
    choices: (['committed', 'best_case', 'pipeline', 'omitted'] as const).map((value) => ({
      value,
      label: t(`deal.forecastName.${value}`),
    })),
  }))
  const stageChoices = computed(() =>
    stages.pipelines.value
      .filter(({ id }) => pipelineId() === undefined || id === pipelineId())
      .flatMap((pipeline) =>
        pipeline.stages.map((stage) => ({
          value: String(stage.id),
          label: stage.name,
          ...(pipelineId() === undefined && stages.pipelines.value.length > 1 ? { hint: pipeline.name } : {}),
        })),
      ),
  )
  return {
    filters: computed(() =>
      (isTable()
        ? [
            {
              key: 'state',
              label: t('deal.field.state'),
              choices: (['open', 'won', 'lost'] as const).map((value) => ({
                value,
                label: t(`deal.state.${value}`),
              })),
            },
            { key: 'stage_id', label: t('deal.field.stage_id'), choices: stageChoices.value },
            ...common.value,
            kinds.value,
            { key: 'source', label: t('deal.field.source'), choices: sources.choices.value },
            categories.value,
            ...(isClosed.value
              ? [{ key: 'lost_reason', label: t('deal.field.lost_reason'), choices: reasons.choices.value }]
              : []),
            ...ofCustom.filters.value,
          ]
        : [
            ...common.value,
            kinds.value,
            { key: 'source', label: t('deal.field.source'), choices: sources.choices.value },
            categories.value,
          ]
      ).filter(({ key }) => canAsk(key)),
    ),
    ranges: computed(() =>
      (
        [
          { from: 'amount_min', to: 'amount_max', label: t('deal.field.amount'), kind: 'number' as const },
          {
            from: 'expected_close_from',
            to: 'expected_close_to',
            label: t('deal.field.expected_close_on'),
            kind: 'date' as const,
          },
          ...(isTable() && isClosed.value
            ? [
                {
                  from: 'closed_from',
                  to: 'closed_to',
                  label: t('deal.field.closed_on'),
                  kind: 'date' as const,
                },
              ]
            : []),
          ...(isTable() ? ofCustom.ranges.value : []),
        ] as ListRange[]
      ).filter(({ from }) => canAsk(from)),
    ),
  }
}
