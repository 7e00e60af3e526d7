import { computed, onScopeDispose, shallowReactive, watch, type ComputedRef, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { Problem } from '@/api/problem'
import type { Receipt } from '@/api/receipt'
import { rest } from '@/api/rest'
import type { Task } from '@/api/types'
import { useLive } from '@/records/context'
import type { useTaskActions } from './useTaskActions'

/** A task that is about to leave the list, and why. */
export interface Leaving {
  task: Task
  /** Done here: it can be taken back while it stays. */
  isDone: boolean
  /** What somebody else has done with it. */
  reason: string | null
}

/** How long a task that is done stays struck through, and one that others have taken away. */
const staysMs = 5_000
const fadesMs = 3_000

/**
 * Open tasks of a list that leave it gently: what is ticked off stays struck through for a while with a way back, what
 * others take away says why.
 *
 * @param rows The list, live.
 * @param isSettled Whether a row that is missing has left, rather than that another list is shown.
 * @param shown What decides which list is shown.
 */
export function useTicking(
  rows: ComputedRef<Task[]>,
  isSettled: () => boolean,
  shown: Ref<unknown>,
  actions: ReturnType<typeof useTaskActions>,
) {
  const { t } = useI18n()
  const { undo } = useLive()
  const leaving = shallowReactive(new Map<number, Leaving>())
  const timers = new Map<number, ReturnType<typeof setTimeout>>()
  const receipts = new Map<number, Promise<Receipt>>()
  // What this page has done itself needs no reason.
  const own = new Set<number>()
  onScopeDispose(() => timers.forEach(clearTimeout))

  function letGo(id: number): void {
    clearTimeout(timers.get(id))
    timers.delete(id)
    receipts.delete(id)
    leaving.delete(id)
  }
  function keep(id: number, left: Leaving, ms: number): void {
    leaving.set(id, left)
    clearTimeout(timers.get(id))
    timers.set(
      id,
      setTimeout(() => letGo(id), ms),
    )
  }

  async function tick(task: Task): Promise<void> {
    if (leaving.get(task.id)?.isDone) return
    own.add(task.id)
    keep(
      task.id,
      { task: { ...task, done_at: new Date().toISOString() }, isDone: true, reason: null },
      staysMs,
    )
    const sent = actions.complete(task)
    receipts.set(task.id, sent)
    try {
      await sent
    } catch (fault) {
      letGo(task.id)
      own.delete(task.id)
      actions.tell(fault)
    }
  }
  /** Takes a tick back while the task is still in sight. */
  async function untick(task: Task): Promise<void> {
    const sent = receipts.get(task.id)
    letGo(task.id)
    const receipt = await sent?.catch(() => null)
    if (receipt) await undo.undo(receipt)
  }

  /** Why a task is in the list no longer. */
  async function reasonOf(task: Task): Promise<string> {
    try {
      const now = await rest.get<Task>(`/tasks/${task.id}`)
      if (now.assignee_id !== task.assignee_id)
        return t('task.left.assigned', { name: now.assignee?.name ?? '' })
      return t(now.done_at ? 'task.left.done' : 'task.left.changed')
    } catch (fault) {
      return t(fault instanceof Problem && fault.status === 404 ? 'task.left.gone' : 'task.left.changed')
    }
  }
  watch([rows, shown] as const, ([now, choice], [before, former]) => {
    if (choice !== former || !isSettled()) return
    const present = new Set(now.map(({ id }) => id))
    for (const task of before ?? []) {
      if (present.has(task.id) || leaving.has(task.id)) continue
      if (own.delete(task.id)) continue
      const left: Leaving = { task, isDone: false, reason: '' }
      keep(task.id, left, fadesMs)
      void reasonOf(task).then(
        (reason) => leaving.has(task.id) && keep(task.id, { ...left, reason }, fadesMs),
      )
    }
    for (const { id } of now) if (leaving.has(id) && !leaving.get(id)?.isDone) letGo(id)
  })

  return {
    /** The rows, with those that are leaving where they stood. */
    rows: computed<Task[]>(() => {
      const present = new Set(rows.value.map(({ id }) => id))
      const gone = [...leaving.values()].filter(({ task }) => !present.has(task.id)).map(({ task }) => task)
      return gone.length > 0 ? [...rows.value, ...gone] : rows.value
    }),
    leavingOf: (id: number): Leaving | null => leaving.get(id) ?? null,
    tick,
    untick,
    /** What is done to a task by this page is no news to its reader. */
    note: (task: Task): void => void own.add(task.id),
  }
}

/** See {@link useTicking}. */
export type Ticking = ReturnType<typeof useTicking>
