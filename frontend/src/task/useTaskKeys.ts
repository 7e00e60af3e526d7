import { AlarmClock, ArrowDownUp, Check, Plus, UserRound } from '@lucide/vue'
import { computed, nextTick, ref, watch, type ComputedRef, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Task } from '@/api/types'
import { useCommands, type Command } from '@/ui/shortcuts'
import type { useTaskActions } from './useTaskActions'
import type { TaskDialogs } from './useTaskDialogs'
import type { Ticking } from './useTicking'

/** The keys of a page of tasks: `C` add, `J/K` go, `X` done, `S` later, `A` hand over, `P` how much it matters. */
export function useTaskKeys(
  root: Readonly<Ref<HTMLElement | null>>,
  tasks: ComputedRef<Task[]>,
  of: { actions: ReturnType<typeof useTaskActions>; dialogs: TaskDialogs; ticking: Ticking },
  add: () => void,
  canAdd: () => boolean,
) {
  const { t } = useI18n()
  const { actions, dialogs, ticking } = of
  const currentId = ref<number | null>(null)
  const current = computed(() => tasks.value.find(({ id }) => id === currentId.value) ?? null)

  function focusOn(task: Task | undefined): void {
    if (!task) return
    currentId.value = task.id
    root.value?.querySelector<HTMLElement>(`[data-task="${task.id}"] [data-task-open]`)?.focus()
  }
  function step(by: number): void {
    const at = tasks.value.findIndex(({ id }) => id === currentId.value)
    const next = at < 0 ? (by > 0 ? 0 : tasks.value.length - 1) : at + by
    focusOn(tasks.value[Math.min(tasks.value.length - 1, Math.max(0, next))])
  }
  // With the row its focus has gone; the next one takes its place.
  watch(
    tasks,
    (now, before) => {
      const at = before.findIndex(({ id }) => id === currentId.value)
      if (at < 0 || now.some(({ id }) => id === currentId.value)) return
      const hadFocus = document.activeElement === null || document.activeElement === document.body
      const next = now[Math.min(at, now.length - 1)]
      currentId.value = next?.id ?? null
      if (hadFocus) void nextTick(() => focusOn(next))
    },
    { flush: 'post' },
  )

  const onCurrent = (
    id: string,
    key: string,
    icon: Command['icon'],
    label: string,
    run: (task: Task) => void,
    may: (task: Task) => boolean = () => true,
  ): Command => ({
    id: `task.${id}`,
    label: () => t(label),
    group: 'list',
    ...(icon ? { icon } : {}),
    keys: [key],
    when: () => current.value?.can_write === true && may(current.value),
    run: () => current.value && run(current.value),
  })
  useCommands([
    {
      id: 'create',
      label: () => t('task.new'),
      group: 'actions',
      icon: Plus,
      keys: ['c'],
      when: canAdd,
      run: add,
    },
    {
      id: 'list.next',
      label: () => t('list.next'),
      group: 'list',
      keys: ['j'],
      hidden: true,
      run: () => step(1),
    },
    {
      id: 'list.previous',
      label: () => t('list.previous'),
      group: 'list',
      keys: ['k'],
      hidden: true,
      run: () => step(-1),
    },
    onCurrent('complete', 'x', Check, 'task.complete', (task) => {
      if (ticking.leavingOf(task.id)?.isDone) void ticking.untick(task)
      else if (task.done_at) void actions.reopen(task)
      else void ticking.tick(task)
    }),
    onCurrent(
      'snooze',
      's',
      AlarmClock,
      'task.snooze',
      (task) => dialogs.ask('snooze', task),
      (task) => task.done_at === null,
    ),
    onCurrent('assign', 'a', UserRound, 'task.assign', (task) => dialogs.ask('assign', task)),
    onCurrent('priority', 'p', ArrowDownUp, 'task.nextPriority', (task) => void actions.nextPriority(task)),
  ])
  return { note: (task: Task): void => void (currentId.value = task.id) }
}
