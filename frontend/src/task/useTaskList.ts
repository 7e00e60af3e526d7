import { computed, watch, type ComputedRef } from 'vue'
import type { Task } from '@/api/types'
import { useToday } from '@/deal/useToday'
import { useFormat } from '@/i18n/format'
import { comparator } from '@/records/listSpec'
import { useLocalListState, type ListChoice, type ListState } from '@/records/listState'
import { useList } from '@/records/useList'
import { bucketOf, buckets, type Bucket, type Present } from './days'
import { taskList } from './taskList'
import { useTaskActions } from './useTaskActions'
import { useTicking } from './useTicking'

/** Tasks that are due at one time; `done` are those that are done. */
export interface Group {
  key: Bucket | 'done'
  tasks: Task[]
}

/** The present as its reader has it, renewed every minute. */
export function usePresent() {
  const { zone, dayOf } = useFormat()
  const { today, now } = useToday()
  const present = (): Present => ({ now: now.value, today: today.value, dayOf })
  return { zone, today, now, present, spec: taskList(() => zone.value, present) }
}

/** A list of tasks with its buckets, in which they are ticked off. */
export function useTaskList(stateOf: (spec: ReturnType<typeof taskList>) => ListState, pageSize = 200) {
  const { today, now, present, spec } = usePresent()
  const state = stateOf(spec)
  const list = useList(spec, state, { trail: false, pageSize })
  const actions = useTaskActions(() => today.value)
  const ticking = useTicking(
    list.rows,
    () => !list.isDimmed.value && !list.isFirstLoad.value,
    state.choice,
    actions,
  )
  // A new day begins: other tasks are late.
  watch(today, () => list.retry())

  const groups = computed<Group[]>(() => {
    const inOrder = comparator(spec, state.choice.value.sort)
    const found = new Map<Group['key'], Task[]>()
    for (const task of ticking.rows.value) {
      // What is being ticked off stays where it was.
      const isDone = task.done_at !== null && !ticking.leavingOf(task.id)
      const key = isDone ? 'done' : bucketOf(task, present())
      found.set(key, [...(found.get(key) ?? []), task])
    }
    return [...buckets, 'done' as const].flatMap((key) => {
      const tasks = found.get(key)
      return tasks ? [{ key, tasks: tasks.sort(inOrder) }] : []
    })
  })
  return { list, actions, ticking, groups, today, now, present, spec, state }
}

/** The open tasks of something (a customer, a deal), not in the address. */
export function useOpenTasks(fixed: ComputedRef<ListChoice['filters']>, pageSize = 50) {
  return useTaskList((spec) => useLocalListState(spec.defaultSort, fixed), pageSize)
}
