import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { useCustomerFilter } from '@/customer/useCustomerFilter'
import { useCustomFilters } from '@/custom/useCustomLists'
import type { ListFilter } from '@/layout/FilterChips.vue'
import type { ListRange } from '@/layout/useRanges'
import type { ListChoice } from '@/records/listState'
import type { CustomFields } from '@/records/useCustomFields'
import type { OptionList } from '@/records/useOptions'
import { useReference } from '@/records/useReference'
import { useUsers } from '@/records/useUsers'
import { useKindName } from '@/records/useKindName'
import { contactKinds } from './contactKinds'
import { directions } from './contactList'

/** What contact records can be filtered by, as chips. */
export function useContactFilters(
  chosen: () => ListChoice['filters'],
  outcomes: OptionList,
  custom: CustomFields,
) {
  const { t } = useI18n()
  const kindName = useKindName()
  const users = useUsers()
  const ofCustom = useCustomFilters(custom)
  const teams = useReference('teams')
  const customers = useCustomerFilter('customer_id', () => chosen()['customer_id'] ?? [])

  return {
    filters: computed<ListFilter[]>(() => [
      {
        key: 'kind',
        label: t('contact.field.kind'),
        choices: contactKinds.map(({ kind }) => ({ value: kind, label: kindName(kind) })),
      },
      { key: 'user_id', label: t('contact.field.user_id'), choices: users.choices.value },
      {
        key: 'team_id',
        label: t('contact.field.team_id'),
        choices: teams.value
          .filter((team) => team.is_active)
          .map((team) => ({ value: String(team.id), label: team.name })),
      },
      customers.value,
      {
        key: 'direction',
        label: t('contact.field.direction'),
        choices: directions.map((value) => ({ value, label: t(`contact.directionName.${value}`) })),
      },
      { key: 'outcome', label: t('contact.field.outcome'), choices: outcomes.choices.value },
      ...ofCustom.filters.value,
    ]),
    ranges: computed<ListRange[]>(() => [
      {
        from: 'occurred_after',
        to: 'occurred_before',
        label: t('contact.field.occurred_at'),
        kind: 'moments',
      },
      ...ofCustom.ranges.value,
    ]),
  }
}
