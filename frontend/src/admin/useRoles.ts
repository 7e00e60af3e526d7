import { computed } from 'vue'
import type { Role } from '@/api/types'
import { i18n } from '@/i18n/i18n'
import { useReferenceQuery } from '@/records/useReference'
import type { Hue } from '@/ui/tokens'

const hues: Record<string, Hue> = { admin: 'violet', manager: 'blue', sales: 'teal', viewer: 'gray' }

/** The roles of the house in the reader's language. */
export function useRoles() {
  const reference = useReferenceQuery('roles')
  const labelOf = (role: Role): string =>
    (i18n.global.locale.value === 'en' ? role.name_en : role.name_zh) ?? role.key
  const byKey = (key: string | undefined): Role | undefined =>
    reference.rows.value.find((role) => role.key === key)
  return {
    ...reference,
    choices: computed(() => reference.rows.value.map((role) => ({ value: role.key, label: labelOf(role) }))),
    byKey,
    labelOf,
    label: (key: string | undefined): string => {
      const role = byKey(key)
      return role ? labelOf(role) : (key ?? '')
    },
    hue: (key: string | undefined): Hue => hues[key ?? ''] ?? 'amber',
  }
}
