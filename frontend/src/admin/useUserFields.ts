import { useI18n } from 'vue-i18n'
import type { FieldText } from '@/records/conflicts'
import { useRoles } from './useRoles'
import { useTeams } from './useTeams'

const labels: Record<string, string> = {
  name: 'admin.user.name',
  email: 'customer.email',
  phone: 'customer.phone',
  title: 'customer.title',
  role: 'admin.user.role',
  team_id: 'admin.user.team',
  password: 'auth.password',
}

/** Fields of a user and their values in the reader's words. */
export function useUserFields() {
  const { t } = useI18n()
  const roles = useRoles()
  const teams = useTeams()

  function describe(field: string, value: unknown): FieldText {
    const label = labels[field]
    const text =
      field === 'role'
        ? roles.label(String(value))
        : field === 'team_id'
          ? teams.nameOf(value as number | null)
          : field === 'password'
            ? '••••••'
            : String(value ?? '')
    return { label: label ? t(label) : '', value: text }
  }
  return { describe, roles, teams }
}
