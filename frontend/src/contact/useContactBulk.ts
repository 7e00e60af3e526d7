import { useI18n } from 'vue-i18n'
import type { Bulk } from '@/bulk/declaration'
import type { OptionList } from '@/records/useOptions'
import { contactKinds } from './contactKinds'
import { directions } from './contactList'

/** What can be done with many contact records at once. */
export function useContactBulk(outcomes: OptionList): Bulk {
  const { t } = useI18n()
  return {
    resource: 'contacts',
    permission: 'contact:write',
    fields: () => [
      {
        field: 'kind',
        label: t('contact.field.kind'),
        kind: 'choice',
        choices: contactKinds.map(({ kind }) => ({ value: kind, label: t(`contact.kind.${kind}`) })),
        isRequired: true,
      },
      {
        field: 'direction',
        label: t('contact.field.direction'),
        kind: 'choice',
        choices: directions.map((value) => ({ value, label: t(`contact.directionName.${value}`) })),
      },
      {
        field: 'outcome',
        label: t('contact.field.outcome'),
        kind: 'choice',
        choices: outcomes.choices.value,
      },
      { field: 'next_step', label: t('contact.field.next_step'), kind: 'text' },
    ],
  }
}
