import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { rest } from '@/api/rest'
import type { ListPage, Role } from '@/api/types'
import { i18n } from '@/i18n/i18n'
import type { Hue } from '@/ui/tokens'

const hues: Record<string, Hue> = { admin: 'violet', manager: 'blue', sales: 'teal', viewer: 'gray' }

/** The roles of the house in the reader's language. */
export function useRoles() {
  const result = useQuery({
    queryKey: ['roles'],
    queryFn: ({ signal }) => rest.get<ListPage<Role>>('/roles', undefined, signal),
    staleTime: 10 * 60_000,
    shallow: true,
  })
  const roles = computed(() => result.data.value?.data ?? [])
  const labelOf = (role: Role): string => (i18n.global.locale.value === 'en' ? role.name_en : role.name_zh)
  return {
    choices: computed(() => roles.value.map((role) => ({ value: role.key, label: labelOf(role) }))),
    byKey: (key: string | undefined): Role | undefined => roles.value.find((role) => role.key === key),
    label: (key: string | undefined): string => {
      const role = roles.value.find((one) => one.key === key)
      return role ? labelOf(role) : (key ?? '')
    },
    hue: (key: string | undefined): Hue => hues[key ?? ''] ?? 'gray',
  }
}
