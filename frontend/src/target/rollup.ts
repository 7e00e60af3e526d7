import type { AttainmentRow } from '@/api/types'
import { decimal } from '@/deal/decimal'
import type { TargetSpan } from './spans'

/** A figure of the grid: what is to be reached, and whether it was set for this very period. */
export interface Figure {
  value: bigint | null
  isOwn: boolean
}
type Own = ReadonlyMap<string, bigint>

/** Figures of all spans: a span's own, else the sum of what is known of the spans inside it. As on the server. */
export function rolledUp(own: Own, spans: readonly TargetSpan[]): Map<string, bigint> {
  const found = new Map<string, bigint>()
  let months: bigint[] = []
  const quarters: bigint[] = []
  const sum = (parts: readonly bigint[]): bigint | undefined =>
    parts.length > 0 ? parts.reduce((all, part) => all + part, 0n) : undefined
  for (const { key, kind } of spans) {
    const inside = kind === 'quarter' ? months : kind === 'year' ? quarters : []
    const figure = own.get(key) ?? sum(inside)
    if (kind === 'quarter') months = []
    if (figure === undefined) continue
    found.set(key, figure)
    if (kind === 'month') months.push(figure)
    if (kind === 'quarter') quarters.push(figure)
  }
  return found
}

/**
 * The figures of all rows with what is typed and not saved yet. A team with any figure of its own goes by those, else by
 * the sum of its people and of the teams below, which stand below it in the rows.
 *
 * @param drafted What is typed: a decimal string, null for a figure taken away; undefined where nothing is typed.
 */
export function figuresOf(
  rows: readonly AttainmentRow[],
  spans: readonly TargetSpan[],
  drafted: (row: string, span: string) => string | null | undefined,
): Map<string, Map<string, Figure>> {
  const sums = new Map<string, Map<string, bigint>>()
  const found = new Map<string, Map<string, Figure>>()
  for (const row of [...rows].reverse()) {
    const own = new Map<string, bigint>()
    for (const cell of row.cells) {
      const typed = drafted(row.key, cell.key)
      const value = typed === undefined ? (cell.is_own ? cell.target : null) : typed
      if (value !== null) own.set(cell.key, decimal(value))
    }
    const figures =
      row.team_id !== null && own.size === 0 ? (sums.get(row.key) ?? new Map()) : rolledUp(own, spans)
    found.set(
      row.key,
      new Map(
        spans.map(({ key }) => [key, { value: figures.get(key) ?? null, isOwn: own.has(key) }] as const),
      ),
    )
    const above = `team:${row.parent_team_id}`
    const sum = sums.get(above) ?? new Map<string, bigint>()
    for (const [key, value] of figures) sum.set(key, (sum.get(key) ?? 0n) + value)
    sums.set(above, sum)
  }
  return found
}

/** What was reached of a target; null where there is none. */
export function shareOf(actual: string | null, target: bigint | null): number | null {
  if (actual === null || target === null || target <= 0n) return null
  return Number((decimal(actual) * 10_000n) / target) / 10_000
}
