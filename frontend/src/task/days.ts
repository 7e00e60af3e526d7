import type { Task } from '@/api/types'

/** When an open task is due, seen from now; in the order in which they are shown. */
export const buckets = ['overdue', 'today', 'tomorrow', 'this_week', 'later', 'no_date'] as const
/** See {@link buckets}. */
export type Bucket = (typeof buckets)[number]

/** The fields that say when a task is due. */
export type Times = Pick<Task, 'due_on' | 'due_at' | 'starts_at' | 'ends_at'>

/** The present, as its reader has it. */
export interface Present {
  now: number
  /** The reader's date, `2026-11-27`. */
  today: string
  /** The reader's date of an instant. */
  dayOf: (at: string) => string
}

const dayMs = 86_400_000

/** A date so many days before or after another. */
export function shiftDay(on: string, days: number): string {
  return new Date(Date.parse(`${on}T00:00:00Z`) + days * dayMs).toISOString().slice(0, 10)
}

/** Monday is 0. */
export function weekdayOf(on: string): number {
  return (new Date(`${on}T00:00:00Z`).getUTCDay() + 6) % 7
}

/** The moment of a task that has one; a meeting's is its beginning. */
export function momentOf(task: Times): string | null {
  return task.due_on == null ? (task.due_at ?? task.starts_at ?? null) : null
}

/** The day of a task in the reader's zone. */
export function dueDay(task: Times, dayOf: Present['dayOf']): string | null {
  const moment = momentOf(task)
  return task.due_on ?? (moment === null ? null : dayOf(moment))
}

/** When a task is due, by the same rules as the server's filter `bucket`. */
export function bucketOf(task: Times, { now, today, dayOf }: Present): Bucket {
  const day = dueDay(task, dayOf)
  if (day === null) return 'no_date'
  const end = task.due_at ?? task.ends_at ?? task.starts_at
  const isOver = task.due_on === null ? end !== null && Date.parse(end) < now : task.due_on < today
  if (isOver) return 'overdue'
  if (day <= today) return 'today'
  const tomorrow = shiftDay(today, 1)
  if (day <= tomorrow) return 'tomorrow'
  return day <= shiftDay(today, 6 - weekdayOf(today)) ? 'this_week' : 'later'
}

/** Where a task stands in the order of time: at its moment, without one at the end of its day. */
export function dueKey(task: Times, zone: string): string | null {
  const moment = momentOf(task)
  if (moment !== null || task.due_on == null) return moment
  return new Date(Date.parse(instantAt(shiftDay(task.due_on, 1), 0, zone)) - 1).toISOString()
}

/** How far a zone is from UTC at a moment, in milliseconds. */
function offsetAt(at: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(at)
  const of = (type: string): number => Number(parts.find((part) => part.type === type)?.value)
  const wall = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'))
  return wall - Math.floor(at / 1000) * 1000
}

/** The instant at which clocks in a zone show a day and a time, `2026-11-27` and minutes after midnight. */
export function instantAt(on: string, minutes: number, zone: string): string {
  const wall = Date.parse(`${on}T00:00:00Z`) + minutes * 60_000
  // The offset before a change of the clocks may not be that behind it.
  const first = wall - offsetAt(wall, zone)
  return new Date(wall - offsetAt(first, zone)).toISOString().replace('.000Z', 'Z')
}

/** Minutes after midnight that clocks in a zone show. */
export function minutesAt(at: string | number, zone: string): number {
  const moment = typeof at === 'number' ? at : Date.parse(at)
  const wall = new Date(moment + offsetAt(moment, zone))
  return wall.getUTCHours() * 60 + wall.getUTCMinutes()
}
