import { useI18n } from 'vue-i18n'
import { Problem } from '@/api/problem'
import { randomKey } from '@/api/key'
import { Receipt } from '@/api/receipt'
import { rest } from '@/api/rest'
import type { Task } from '@/api/types'
import { useLive } from '@/records/context'

/** Enters tasks; a lost answer cannot make one twice. */
export function useTaskCreate() {
  const { t } = useI18n()
  const { cache, undo } = useLive()
  let key = randomKey()

  /** @throws Problem as the server refuses. */
  return async function create(body: Record<string, unknown>): Promise<Task> {
    try {
      const receipt = new Receipt()
      const task = await rest.post<Task>('/tasks', body, { idempotencyKey: key, receipt })
      key = randomKey()
      cache.put('tasks', task)
      undo.offer(t('task.created', { name: task.subject }), receipt)
      return task
    } catch (fault) {
      // The server judged this body: the next try is another intent.
      if (fault instanceof Problem && !fault.isUnavailable) key = randomKey()
      throw fault
    }
  }
}
