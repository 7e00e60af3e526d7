import { useI18n } from 'vue-i18n'
import { Receipt } from '@/api/receipt'
import { rest } from '@/api/rest'
import type { Task } from '@/api/types'
import { explain, explainChange } from '@/i18n/problem'
import { useLive } from '@/records/context'
import { useRemoval } from '@/records/useRemoval'
import { useSave, type Changes } from '@/records/save'
import { toast } from '@/ui/toasts'
import { priorities } from './taskList'
import { useDueText } from './useDueText'
import { useTaskFields } from './useTaskFields'

/** What can be done with a task; each is told, with a way back. */
export function useTaskActions(today: () => string) {
  const { t } = useI18n()
  const { cache, undo } = useLive()
  const { describe, users } = useTaskFields()
  const { dueText } = useDueText()
  const save = useSave('tasks')
  const removal = useRemoval('tasks')

  /** Ticks a task off; resolves with what takes it back. The caller shows it at once and keeps it in sight. */
  async function complete(task: Task): Promise<Receipt> {
    const receipt = new Receipt()
    const done = await rest.post<Task>(`/tasks/${task.id}/complete`, undefined, { receipt })
    cache.put('tasks', done)
    return receipt
  }

  async function reopen(task: Task): Promise<boolean> {
    try {
      const receipt = new Receipt()
      cache.put('tasks', await rest.post<Task>(`/tasks/${task.id}/reopen`, undefined, { receipt }))
      undo.offer(t('task.reopened', { name: task.subject }), receipt)
      return true
    } catch (fault) {
      tell(fault)
      return false
    }
  }

  /** Puts a task off until a moment or a day; resolves with what is wrong, null when all is well. */
  async function snooze(task: Task, until: string): Promise<string | null> {
    try {
      const receipt = new Receipt()
      const later = await rest.post<Task>(`/tasks/${task.id}/snooze`, { until }, { receipt })
      cache.put('tasks', later)
      undo.offer(t('task.snoozed', { name: task.subject, when: dueText(later, today()) }), receipt)
      return null
    } catch (fault) {
      return explainChange(fault, { until })
    }
  }

  /** Saves fields; resolves with what is wrong, null when all is well. */
  async function change(task: Task, changes: Changes, preview?: Changes): Promise<string | null> {
    try {
      await save(task, changes, { describe, ...(preview ? { preview } : {}) })
      return null
    } catch (fault) {
      return explainChange(fault, changes)
    }
  }

  async function assign(task: Task, assigneeId: number): Promise<void> {
    if (assigneeId === task.assignee_id) return
    const name = users.nameOf(assigneeId)
    const receipt = new Receipt()
    try {
      const preview = { assignee: { id: assigneeId, name } }
      await save(task, { assignee_id: assigneeId }, { describe, receipt, preview })
      undo.offer(t('task.assigned', { name: task.subject, to: name }), receipt)
    } catch (fault) {
      tell(fault)
    }
  }

  async function nextPriority(task: Task): Promise<void> {
    const at = priorities.indexOf(task.priority)
    // From normal to high first: that is what is wanted most.
    const next = priorities[(at + priorities.length - 1) % priorities.length] ?? 'normal'
    const fault = await change(task, { priority: next })
    if (fault) toast(fault, { tone: 'error' })
  }

  const remove = (task: Task): Promise<boolean> =>
    removal.tryRemove(task, t('task.removed', { name: task.subject }))

  function tell(fault: unknown): void {
    const words = explain(fault)
    if (words) toast(words, { tone: 'error' })
  }

  return { complete, reopen, snooze, change, assign, nextPriority, remove, tell, describe, users }
}
