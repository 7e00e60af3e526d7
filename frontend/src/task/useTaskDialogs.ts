import { AlarmClock, ArrowDownUp, Check, Pencil, RotateCcw, Trash2, UserRound } from '@lucide/vue'
import { ref } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Task } from '@/api/types'
import type { MenuEntry } from '@/ui/menu'
import type { useTaskActions } from './useTaskActions'
import type { Ticking } from './useTicking'

/** What is asked about a task before something is done with it. */
export type Asking =
  | { what: 'edit'; task: Task }
  | { what: 'new'; start: Record<string, unknown> }
  | { what: 'snooze' | 'assign' | 'log'; task: Task }

/** The questions that rows of tasks ask, and the menu of each row. */
export function useTaskDialogs(actions: ReturnType<typeof useTaskActions>, ticking: Ticking) {
  const { t } = useI18n()
  const asking = ref<Asking | null>(null)
  const ask = (what: 'snooze' | 'assign' | 'log' | 'edit', task: Task): void => {
    asking.value = { what, task }
  }
  async function assign(task: Task, to: number): Promise<void> {
    asking.value = null
    ticking.note(task)
    await actions.assign(task, to)
  }
  async function remove(task: Task): Promise<void> {
    ticking.note(task)
    if (await actions.remove(task)) asking.value = null
  }
  function menuOf(task: Task): MenuEntry[] {
    if (task.can_write !== true)
      return [{ label: t('list.open'), icon: Pencil, run: () => ask('edit', task) }]
    const isDone = task.done_at !== null
    const open: MenuEntry[] = [
      { label: t('task.complete'), icon: Check, keys: 'x', run: () => void ticking.tick(task) },
      { label: t('task.snooze'), icon: AlarmClock, keys: 's', run: () => ask('snooze', task) },
    ]
    return [
      ...(isDone
        ? [{ label: t('task.reopen'), icon: RotateCcw, keys: 'x', run: () => void actions.reopen(task) }]
        : open),
      { label: t('task.assign'), icon: UserRound, keys: 'a', run: () => ask('assign', task) },
      {
        label: t('task.nextPriority'),
        icon: ArrowDownUp,
        keys: 'p',
        run: () => void actions.nextPriority(task),
      },
      { kind: 'line' },
      { label: t('action.edit'), icon: Pencil, keys: 'enter', run: () => ask('edit', task) },
      { label: t('action.delete'), icon: Trash2, danger: true, run: () => void remove(task) },
    ]
  }
  return { asking, ask, assign, remove, menuOf }
}

/** See {@link useTaskDialogs}. */
export type TaskDialogs = ReturnType<typeof useTaskDialogs>
