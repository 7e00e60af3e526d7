import { computed } from 'vue'
import { i18n } from '@/i18n/i18n'
import { useReferenceQuery } from '@/records/useReference'
import { teamTree } from './teamTree'

/** The teams of the house as a tree, and as choices in which the tree can be seen. */
export function useTeams() {
  const reference = useReferenceQuery('teams')
  const tree = computed(() => teamTree(reference.rows.value, i18n.global.locale.value))
  return {
    ...reference,
    tree,
    choices: computed(() =>
      tree.value.map(({ team, depth }) => ({
        value: String(team.id),
        label: `${'\u2003'.repeat(depth)}${team.name}`,
      })),
    ),
    nameOf: (id: number | null | undefined): string =>
      reference.rows.value.find((team) => team.id === id)?.name ?? '',
  }
}
