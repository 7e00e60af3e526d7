import type { ListField } from '@/api/types'

/** Spans of days that have names, in the order in which they are offered. */
export const spans = [
  'today',
  'yesterday',
  'tomorrow',
  'this_week',
  'last_week',
  'next_week',
  'this_month',
  'last_month',
  'next_month',
  'this_quarter',
  'last_quarter',
  'next_quarter',
  'this_year',
  'last_year',
  'next_year',
  'past',
  'future',
] as const

/** Spans of so many days. */
export const countedSpans = ['last', 'next', 'ago', 'ahead'] as const
type Counted = (typeof countedSpans)[number]

const counted = /^(?:(last|next)_(\d{1,4})_days|over_(\d{1,4})_days_(ago|ahead))$/

/** What a span is: one with a name, or so many days of a kind. */
export function spanOf(name: string): { kind: Counted | 'named'; days: number | null } {
  const found = counted.exec(name)
  if (!found) return { kind: 'named', days: null }
  return { kind: (found[1] ?? found[4]) as Counted, days: Number(found[2] ?? found[3]) }
}

/** The name of a span of so many days. */
export function countedSpan(kind: Counted, days: number): string {
  return kind === 'last' || kind === 'next' ? `${kind}_${days}_days` : `over_${days}_days_${kind}`
}

const order: Readonly<Record<string, readonly string[]>> = {
  text: ['contains', 'not_contains', 'starts_with', 'eq', 'ne', 'is_null', 'not_null'],
  number: ['gte', 'lte', 'eq', 'ne', 'is_null', 'not_null'],
  decimal: ['gte', 'lte', 'eq', 'ne', 'is_null', 'not_null'],
  rate: ['gte', 'lte', 'eq', 'is_null', 'not_null'],
  date: ['within', 'eq', 'gte', 'lte', 'is_null', 'not_null'],
  // A day given for a moment means its beginning.
  moment: ['within', 'gte', 'lt', 'is_null', 'not_null'],
  flag: ['eq', 'is_null', 'not_null'],
  tag: ['has', 'has_not', 'is_null', 'not_null'],
}
const several = ['in', 'not_in', 'is_null', 'not_null']

/** The operators of a field as people are offered them, the usual one first. */
export function opsOf(field: ListField): string[] {
  return (order[field.type] ?? several).filter((op) => field.ops.includes(op))
}

/** The value with which a condition begins when its operator was chosen. */
export function firstValue(field: ListField, op: string, before: unknown): unknown {
  if (op === 'is_null' || op === 'not_null') return undefined
  if (op === 'within') return typeof before === 'string' && isSpan(before) ? before : 'this_month'
  if (op === 'in' || op === 'not_in') return Array.isArray(before) ? before : []
  if (field.type === 'flag') return before === false || before === 'false' ? false : true
  if (Array.isArray(before)) return before[0]
  return typeof before === 'string' && isSpan(before) ? undefined : before
}

function isSpan(text: string): boolean {
  return (spans as readonly string[]).includes(text) || counted.test(text)
}
