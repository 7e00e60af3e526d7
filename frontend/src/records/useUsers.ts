import { computed } from 'vue'
import { useSession } from '@/session/session'
import { useReference } from './useReference'

/** The people of the house, oneself first; those who have left are known by name and not offered. */
export function useUsers() {
  const session = useSession()
  const users = useReference('users')
  const byId = computed(() => new Map(users.value.map((user) => [user.id, user])))
  return {
    choices: computed(() =>
      users.value
        .filter((user) => user.is_active)
        .sort((a, b) => Number(b.id === session.user?.id) - Number(a.id === session.user?.id))
        .map((user) => ({ value: String(user.id), label: user.name })),
    ),
    nameOf: (id: number | null | undefined) => (id == null ? '' : (byId.value.get(id)?.name ?? '')),
  }
}
