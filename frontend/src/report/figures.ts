import type { LocationQueryRaw } from 'vue-router'
import type { SummaryFigures } from '@/api/types'
import type { RecordsList } from './reports'

/** How a figure is written. */
export type FigureKind = 'count' | 'amount' | 'rate' | 'days' | 'minutes'

/** A figure of the summary. */
export interface Figure {
  key: keyof SummaryFigures
  kind: FigureKind
  /** Which way is good news; without it a change is only told. */
  better?: 'up' | 'down'
  /** The list that shows the records behind it. */
  list: RecordsList
}

/** The figures of the summary, in their order. */
export const figures: readonly Figure[] = [
  { key: 'won_amount', kind: 'amount', better: 'up', list: 'deals' },
  { key: 'won_count', kind: 'count', better: 'up', list: 'deals' },
  { key: 'lost_count', kind: 'count', better: 'down', list: 'deals' },
  { key: 'win_rate', kind: 'rate', better: 'up', list: 'deals' },
  { key: 'mean_won_amount', kind: 'amount', better: 'up', list: 'deals' },
  { key: 'mean_won_cycle_days', kind: 'days', better: 'down', list: 'deals' },
  { key: 'median_won_cycle_days', kind: 'days', better: 'down', list: 'deals' },
  { key: 'mean_closed_cycle_days', kind: 'days', better: 'down', list: 'deals' },
  { key: 'open_count', kind: 'count', list: 'deals' },
  { key: 'open_amount', kind: 'amount', better: 'up', list: 'deals' },
  { key: 'weighted_amount', kind: 'amount', better: 'up', list: 'deals' },
  { key: 'new_customers', kind: 'count', better: 'up', list: 'customers' },
  { key: 'contact_count', kind: 'count', better: 'up', list: 'contacts' },
]

/** A figure by its name. */
export function figureOf(key: Figure['key']): Figure {
  const figure = figures.find((one) => one.key === key)
  if (!figure) throw new Error(`no figure ${key}`)
  return figure
}

/** How a figure differs from the period before. */
export interface FigureChange {
  /** A fraction of the former value; for rates the difference in points, for days in days. */
  value: number
  direction: 'up' | 'down' | 'same'
  isGood: boolean | null
}

/** The change of a figure; null where there is nothing to compare it with. */
export function changeOf(
  figure: Pick<Figure, 'kind' | 'better'>,
  now: number | string | null,
  before: number | string | null | undefined,
): FigureChange | null {
  if (now === null || before === null || before === undefined) return null
  const [current, former] = [Number(now), Number(before)]
  const difference = current - former
  const isRelative = figure.kind === 'count' || figure.kind === 'amount'
  // Nothing before: any growth would be infinite.
  if (isRelative && former === 0 && difference !== 0) return null
  const value = isRelative ? (former === 0 ? 0 : difference / Math.abs(former)) : difference
  // What would be written as 0 is no change.
  const least = figure.kind === 'days' ? 0.05 : 0.0005
  const direction = Math.abs(value) < least ? 'same' : difference > 0 ? 'up' : 'down'
  return {
    value,
    direction,
    isGood: direction === 'same' || !figure.better ? null : direction === figure.better,
  }
}

/** A list and its filter. */
export interface RecordsLink {
  list: RecordsList
  query: LocationQueryRaw
}

/**
 * The way to the records behind a figure; `filters` is a query string as the server names them, `report` the name of
 * the report that leads there: the list says so.
 */
export function recordsOf(list: RecordsList | null, filters: unknown, report?: string): RecordsLink | null {
  if (list === null || typeof filters !== 'string') return null
  const query: Record<string, string[]> = {}
  for (const [key, value] of new URLSearchParams(filters)) (query[key] ??= []).push(value)
  // A table is asked for: a board shows neither closed deals of long ago nor a filter of dates.
  const view = list === 'deals' ? { view: 'table' } : {}
  return { list, query: { ...view, ...query, ...(report ? { report } : {}) } }
}

/** The way to the targets of a year, `2026` or any day or month of it; this year's without. */
export function targetsOf(when: string | null): RecordsLink {
  return { list: 'targets', query: when ? { year: when.slice(0, 4) } : {} }
}

/** Rows of one pipeline, in the order of its stages. */
export interface PipelineGroup<T> {
  id: number
  name: string
  rows: T[]
}

/** Stages by their pipelines; those without any deal are left out where others hold some. */
export function byPipeline<T extends { pipeline_id: number; pipeline_name: string; count: number }>(
  rows: readonly T[],
): PipelineGroup<T>[] {
  const groups = new Map<number, PipelineGroup<T>>()
  for (const row of rows) {
    const group = groups.get(row.pipeline_id) ?? { id: row.pipeline_id, name: row.pipeline_name, rows: [] }
    group.rows.push(row)
    groups.set(group.id, group)
  }
  const all = [...groups.values()]
  const used = all.filter((group) => group.rows.some((row) => row.count > 0))
  return used.length > 0 ? used : all
}

/** The width of a bar as a percentage of the longest; a value that is there is never invisible. */
export function barWidth(value: string | number, most: string | number): number {
  const [part, whole] = [Number(value), Number(most)]
  if (!(part > 0) || !(whole > 0)) return 0
  return Math.min(100, Math.max(1, (part / whole) * 100))
}
