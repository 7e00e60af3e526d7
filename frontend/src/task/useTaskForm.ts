import { computed, type Ref } from 'vue'
import type { Task } from '@/api/types'
import { useFormat } from '@/i18n/format'
import { explain } from '@/i18n/problem'
import { useSave } from '@/records/save'
import { useSession } from '@/session/session'
import { useForm } from '@/ui/useForm'
import { instantAt, minutesAt, momentOf } from './days'
import { useTaskCreate } from './useTaskCreate'
import { useTaskFields } from './useTaskFields'

interface Values {
  subject: string
  kind: Task['kind']
  day: string
  at: string
  until: string
  priority: string | null
  assignee_id: string | null
  participants: string[]
  customer_id: string | null
  person_id: string | null
  deal_id: string | null
  description: string
}

const clock = (minutes: number): string =>
  [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0')).join(':')
const minutesOf = (text: string): number => {
  const [hours = 0, minutes = 0] = text.split(':').map(Number)
  return hours * 60 + minutes
}

/** Enters or edits a task with all that can be said of it. */
export function useTaskForm(
  task: Task | null,
  start: Record<string, unknown>,
  root: Ref<HTMLElement | null>,
  done: () => void,
) {
  const session = useSession()
  const { zone, dayOf } = useFormat()
  const save = useSave('tasks')
  const create = useTaskCreate()
  const { describe, users } = useTaskFields()
  const from = (task ?? start) as Partial<Task>
  const idOf = (value: number | null | undefined): string | null => (value ? String(value) : null)

  function initial(): Values {
    const times = {
      due_on: from.due_on ?? null,
      due_at: from.due_at ?? null,
      starts_at: from.starts_at ?? null,
      ends_at: from.ends_at ?? null,
    }
    const moment = momentOf(times)
    const ends = moment !== null && times.due_at === null ? times.ends_at : null
    return {
      subject: from.subject ?? '',
      kind: from.kind ?? 'todo',
      day: times.due_on ?? (moment === null ? '' : dayOf(moment)),
      at: moment === null ? '' : clock(minutesAt(moment, zone.value)),
      until: ends === null ? '' : clock(minutesAt(ends, zone.value)),
      priority: from.priority ?? 'normal',
      assignee_id: idOf(from.assignee_id ?? session.user?.id),
      participants: (from.participants ?? []).map(({ user_id }) => String(user_id)),
      customer_id: idOf(from.customer_id),
      person_id: idOf(from.person_id),
      deal_id: idOf(from.deal_id),
      description: from.description ?? '',
    }
  }

  /** A meeting with a time begins and ends; everything else is due. */
  function timesOf(values: Values): Partial<Task> {
    const at = values.day && values.at ? instantAt(values.day, minutesOf(values.at), zone.value) : null
    const isSpan = values.kind === 'meeting' && at !== null
    // Until after midnight is on the next day.
    const late = values.until && minutesOf(values.until) < minutesOf(values.at) ? 1440 : 0
    return {
      due_on: at === null && values.day ? values.day : null,
      due_at: isSpan ? null : at,
      starts_at: isSpan ? at : null,
      ends_at:
        isSpan && values.until ? instantAt(values.day, minutesOf(values.until) + late, zone.value) : null,
    }
  }
  function bodyOf(values: Values): Record<string, unknown> {
    const number = (text: string | null): number | null => (text ? Number(text) : null)
    return {
      subject: values.subject,
      kind: values.kind,
      ...timesOf(values),
      priority: values.priority,
      assignee_id: number(values.assignee_id),
      participants: values.participants.map((id) => ({ user_id: Number(id) })),
      customer_id: number(values.customer_id),
      person_id: number(values.person_id),
      deal_id: number(values.deal_id),
      description: values.description || null,
    }
  }
  const opened = bodyOf(initial())

  const form = useForm<Values>({
    initial,
    explain,
    root,
    async submit(values) {
      const body = bodyOf(values)
      if (!task) {
        await create(Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null)))
        return
      }
      // Only what was touched is sent: the rest may be somebody else's by now.
      const changes = Object.fromEntries(
        Object.entries(body).filter(
          ([field, value]) => JSON.stringify(value) !== JSON.stringify(opened[field]),
        ),
      )
      if (Object.keys(changes).length > 0) await save(task, changes, { describe, isFirm: true })
    },
  })
  async function send(): Promise<void> {
    if (await form.submit()) done()
  }
  const people = computed(() => users.choices.value)
  return { form, send, people }
}
