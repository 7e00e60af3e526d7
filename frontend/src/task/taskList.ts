import type { Task } from '@/api/types'
import { oneOf, type ListSpec } from '@/records/listSpec'
import { bucketOf, dueKey, type Present } from './days'

/** What is to be done, in the order in which it is offered. */
export const taskKinds = ['todo', 'call', 'visit', 'meeting'] as const
/** How much it matters, the most first. */
export const priorities = ['high', 'normal', 'low'] as const

const weight = { high: 2, normal: 1, low: 0 }

/**
 * What a list of tasks can filter and sort, in the words of the contract.
 *
 * @param zone The reader's time zone: a day ends there.
 * @param present When a bucket is asked for: which task is in it changes with the time.
 */
export function taskList(zone: () => string, present: () => Present): ListSpec<'tasks'> {
  return {
    resource: 'tasks',
    // A push to everybody does not say who may tick what off.
    hasRightFields: true,
    defaultSort: 'due',
    sorts: {
      due: (task) => dueKey(task, zone()),
      subject: (task) => task.subject,
      kind: (task) => task.kind,
      priority: (task) => weight[task.priority],
      assignee_id: (task) => task.assignee_id,
      customer_id: (task) => task.customer_id,
      done_at: (task) => task.done_at,
      starts_at: (task) => task.starts_at,
      created_at: (task) => task.created_at,
    },
    filters: {
      kind: (task, values) => oneOf(task.kind, values),
      priority: (task, values) => oneOf(task.priority, values),
      assignee_id: (task, values) => oneOf(task.assignee_id, values),
      created_by: (task, values) => oneOf(task.created_by, values),
      team_id: (task, values) => oneOf(task.team_id, values),
      customer_id: (task, values) => oneOf(task.customer_id, values),
      person_id: (task, values) => oneOf(task.person_id, values),
      deal_id: (task, values) => oneOf(task.deal_id, values),
      state: (task, values) => oneOf(stateOf(task), values),
      bucket: (task, values) => !task.done_at && oneOf(bucketOf(task, present()), values),
      participant_id: (task, values) =>
        (task.participants ?? []).some(({ user_id }) => oneOf(user_id, values)),
    },
    // Where days begin only the server knows for sure.
    serverFilters: [
      'where',
      'due',
      'due_from',
      'due_to',
      'done_after',
      'done_before',
      'starts_after',
      'starts_before',
      'created_after',
      'created_before',
    ],
    searched: (task) => [task.subject, task.description],
  }
}

/** Whether a task is still to be done. */
export function stateOf(task: Pick<Task, 'done_at'>): 'open' | 'done' {
  return task.done_at ? 'done' : 'open'
}
