import type { LocationQueryRaw } from 'vue-router'
import type { Query } from '@/api/rest'
import type { Tile } from '@/api/types'
import { spanBefore, spanOf, type Span } from '@/report/period'
import { measureOf, type Measure, type ReportDeclaration } from '@/report/reports'
import { asked, shortened } from '@/report/useReportView'

/** The days that a tile covers: a name such as this month means other days every month. */
export function spanOfTile(report: ReportDeclaration, tile: Pick<Tile, 'query'>, today: string): Span {
  return spanOf(tile.query.period ?? report.period ?? 'this_month', today)
}

/** The group of a tile's rows. */
export function groupOf(report: ReportDeclaration, tile: Pick<Tile, 'query'>): string {
  const { group_by: wanted } = tile.query
  return wanted && report.groups.includes(wanted) ? wanted : (report.groups[0] ?? report.rows ?? '')
}

function narrowed({ query }: Pick<Tile, 'query'>): Query {
  const { owner_id, team_id, pipeline_id, currency } = query
  return { owner_id, team_id, pipeline_id, currency }
}

/** What the report of a tile is asked for. */
export function queryOfTile(report: ReportDeclaration, tile: Pick<Tile, 'query'>, today: string): Query {
  const choice = { ...spanOfTile(report, tile, today), ...narrowed(tile) }
  return shortened(report, asked(report, choice, groupOf(report, tile), today))
}

/** The same for the period before; null where nothing lies before it or the tile does not compare. */
export function queryBeforeTile(
  report: ReportDeclaration,
  tile: Pick<Tile, 'query' | 'chart' | 'is_compared'>,
  today: string,
): Query | null {
  const before = spanBefore(spanOfTile(report, tile, today), today)
  if (!tile.is_compared || before === null || comparedIn(report, tile.chart).length === 0) return null
  const choice = { ...before, ...narrowed(tile) }
  return shortened(report, asked(report, choice, groupOf(report, tile), today), 1)
}

/** The figures of a tile that can be set against the period before: of a chart the one that it shows first. */
export function comparedIn(report: ReportDeclaration, chart: number): Measure[] {
  if (report.without?.includes('from')) return []
  const keys = chart === 0 ? report.heads : (report.charts[chart - 1]?.measures.slice(0, 1) ?? [])
  // Where the report itself compares nothing, its totals say nothing by themselves.
  return report.heads.length === 0
    ? []
    : keys.map((key) => measureOf(report, key)).filter(({ standing }) => !standing)
}

/** The address of the whole report that a tile shows a part of. */
export function addressOfTile(report: ReportDeclaration, tile: Tile, today: string): LocationQueryRaw {
  const span = spanOfTile(report, tile, today)
  const isAll = span.from === null && span.to === null
  const query: Record<string, unknown> = {
    ...narrowed(tile),
    ...(report.without?.includes('from') ? {} : isAll ? { period: 'all' } : span),
    ...(report.groups.length > 0 ? { group_by: groupOf(report, tile) } : {}),
    ...(tile.chart > 1 ? { chart: tile.chart - 1 } : {}),
  }
  return Object.fromEntries(
    Object.entries(query).flatMap(([key, value]) => (value == null ? [] : [[key, String(value)]])),
  )
}
