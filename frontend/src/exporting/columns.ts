import type { ExportColumn } from '@/api/types'

/** What a column of a list shows, where that is not the field of its name. */
const fieldsOf: Readonly<Record<string, readonly string[]>> = {
  city: ['address.city'],
  age: ['created_at'],
  next_step: ['next_step', 'next_step_on'],
  amount: ['amount', 'currency'],
  price: ['price', 'currency'],
  when: ['occurred_at'],
  duration: ['duration_seconds'],
}

/** The columns of a file that has what a list shows, in its order. */
export function shownColumns(shown: readonly string[], known: readonly ExportColumn[]): string[] {
  const names = new Set(known.map(({ name }) => name))
  const wanted = shown.flatMap((key) => fieldsOf[key] ?? [key]).filter((name) => names.has(name))
  return [...new Set(wanted)]
}
