import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import type { ListFilter } from '@/layout/FilterChips.vue'
import { filterKeys } from '@/records/listSpec'
import { useUrlListState, type ListChoice, type ListState } from '@/records/listState'
import { useUsers } from '@/records/useUsers'
import { useSession } from '@/session/session'
import { priorities, taskKinds, type taskList } from './taskList'

/** Filters that the page itself offers. */
const offered = ['kind', 'priority', 'assignee_id', 'state']

/** Which tasks the page shows: one's own open ones, everybody's, or those that a report leads to; in the address. */
export function useTasksPage() {
  const { t } = useI18n()
  const session = useSession()
  const users = useUsers()
  let address: ListState | undefined

  /** The list's state from the address, with what is meant where it says nothing. */
  function stateOf(spec: ReturnType<typeof taskList>): ListState {
    address = useUrlListState(filterKeys(spec), spec.defaultSort)
    const { choice, extra } = address
    return {
      ...address,
      choice: computed<ListChoice>(() => {
        const asked = choice.value.filters
        const filters: Record<string, readonly string[]> = { ...asked }
        if (!isLedBy(asked)) {
          filters['state'] ??= ['open']
          if (!filters['assignee_id'] && extra('scope') !== 'team')
            filters['assignee_id'] = [String(session.user?.id ?? 0)]
        }
        const isDone = filters['state']?.join() === 'done'
        return { q: '', sort: isDone ? '-done_at' : 'due', filters }
      }),
    }
  }
  const isLedBy = (asked: ListChoice['filters']): boolean =>
    address?.extra('report') !== null || Object.keys(asked).some((key) => !offered.includes(key))

  return {
    stateOf,
    offered,
    address: () => address as ListState,
    isLed: computed(() => address !== undefined && isLedBy(address.choice.value.filters)),
    scope: computed<'mine' | 'team'>({
      get: () => (address?.extra('scope') === 'team' ? 'team' : 'mine'),
      set: (scope) => address?.setExtra('scope', scope === 'team' ? 'team' : null),
    }),
    filters: computed<ListFilter[]>(() => {
      const asked = address?.choice.value.filters ?? {}
      const isEverybody = address?.extra('scope') === 'team' || asked['assignee_id'] !== undefined
      return [
        {
          key: 'kind',
          label: t('task.field.kind'),
          choices: taskKinds.map((value) => ({ value, label: t(`task.kind.${value}`) })),
        },
        {
          key: 'priority',
          label: t('task.field.priority'),
          choices: priorities.map((value) => ({ value, label: t(`task.priority.${value}`) })),
        },
        ...(isEverybody
          ? [{ key: 'assignee_id', label: t('task.field.assignee_id'), choices: users.choices.value }]
          : []),
        {
          key: 'state',
          label: t('task.field.state'),
          choices: (['open', 'done'] as const).map((value) => ({ value, label: t(`task.state.${value}`) })),
        },
      ]
    }),
  }
}
