import { useI18n } from 'vue-i18n'
import type { Bulk } from '@/bulk/declaration'
import type { OptionList } from '@/records/useOptions'

/** What can be done with many people at once. */
export function usePersonBulk(roles: OptionList): Bulk {
  const { t } = useI18n()
  const label = (field: string): string => t(`person.field.${field}`)
  return {
    resource: 'people',
    permission: 'customer:write',
    merging: 'person-merge',
    fields: () => [
      { field: 'title', label: label('title'), kind: 'text' },
      { field: 'department', label: label('department'), kind: 'text' },
      {
        field: 'decision_role',
        label: label('decision_role'),
        kind: 'choice',
        choices: roles.choices.value,
      },
      ...(['has_left', 'do_not_call', 'do_not_email'] as const).map((field) => ({
        field,
        label: label(field),
        kind: 'flag' as const,
      })),
    ],
  }
}
