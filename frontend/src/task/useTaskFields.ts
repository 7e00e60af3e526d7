import { useI18n } from 'vue-i18n'
import type { FieldText } from '@/records/conflicts'
import { fieldLabel } from '@/records/fieldLabels'
import { useFormat } from '@/i18n/format'
import { useUsers } from '@/records/useUsers'

/** The fields of a task and their values in the reader's words. */
export function useTaskFields() {
  const { t } = useI18n()
  const { instant, date } = useFormat()
  const users = useUsers()

  function say(field: string, value: unknown): string {
    if (value === null || value === undefined || value === '') return ''
    if (field === 'kind') return t(`task.kind.${String(value)}`)
    if (field === 'priority') return t(`task.priority.${String(value)}`)
    if (field === 'assignee_id') return users.nameOf(Number(value))
    if (field === 'due_on') return date(String(value))
    if (field.endsWith('_at')) return instant(String(value))
    if (field.endsWith('_id')) return `#${String(value)}`
    if (field === 'participants')
      return (value as { user_id: number }[])
        .map(({ user_id }) => users.nameOf(user_id))
        .join(t('undo.comma'))
    if (field === 'reminders')
      return (value as { minutes_before?: number; at?: string }[])
        .map((one) =>
          one.at ? instant(one.at) : t('task.minutesBefore', { count: one.minutes_before ?? 0 }),
        )
        .join(t('undo.comma'))
    return String(value)
  }

  return {
    users,
    describe: (field: string, value: unknown): FieldText => ({
      label: fieldLabel('task', field),
      value: say(field, value),
    }),
  }
}
