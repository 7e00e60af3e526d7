import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { useReference } from './useReference'
import { useUsers } from './useUsers'

/** Somebody whom a record is shared with: a person or a team. */
export interface Party {
  user_id?: number | null
  team_id?: number | null
}

/** `{user_id: 5}` -> `user:5`, as a choice stands for it. */
export const partyKey = (party: Party): string =>
  party.user_id == null ? `team:${party.team_id}` : `user:${party.user_id}`

/** `team:3` -> `{team_id: 3}`, as the API takes it. */
export function partyOf(key: string): Party {
  const [kind, id] = key.split(':')
  return kind === 'team' ? { team_id: Number(id) } : { user_id: Number(id) }
}

/** The people and teams of the house as choices, and by their names. */
export function useParties() {
  const { t } = useI18n()
  const users = useUsers()
  const teams = useReference('teams')
  return {
    choices: computed(() => [
      ...users.choices.value.map(({ value, label }) => ({ value: `user:${value}`, label })),
      ...teams.value.map(({ id, name }) => ({
        value: `team:${id}`,
        label: t('customer.share.teamName', { name }),
      })),
    ]),
    nameOf: (party: Party): string =>
      party.user_id == null
        ? t('customer.share.teamName', {
            name: teams.value.find(({ id }) => id === party.team_id)?.name ?? '',
          })
        : users.nameOf(party.user_id) || t('customer.share.gone'),
  }
}
