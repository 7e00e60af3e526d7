import { computed, ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useCustomerSearch } from '@/customer/useCustomerSearch'
import { useCustomFilters } from '@/custom/useCustomLists'
import type { ListFilter } from '@/layout/FilterChips.vue'
import type { ListRange } from '@/layout/useRanges'
import type { ListChoice } from '@/records/listState'
import type { CustomFields } from '@/records/useCustomFields'
import type { OptionList } from '@/records/useOptions'
import { useRecordNames } from '@/records/useRecordNames'
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
  const isAsked = ref(false)
  const found = useCustomerSearch(isAsked)
  const named = computed(() => (chosen()['customer_id'] ?? []).filter((id) => /^\d+$/.test(id)))
  const names = useRecordNames(() => named.value.map((id) => `customers/${id}`))

  const customers = computed<ListFilter>(() => {
    const others = named.value.filter((id) => !found.choices.value.some(({ value }) => value === id))
    return {
      key: 'customer_id',
      label: t('contact.field.customer_id'),
      choices: [
        ...found.choices.value,
        ...others.map((id) => ({ value: id, label: names.nameOf(`customers/${id}`) ?? `#${id}` })),
      ],
      remote: {
        search: (text) => {
          isAsked.value = true
          found.term.value = text
        },
        isSearching: found.isSearching.value,
      },
    }
  })

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
