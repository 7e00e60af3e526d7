import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { colourOf, mostBars, valuesOf, type ChartPlan, type ChartSeries } from './chart'
import {
  measureOf,
  sorted,
  timeGroups,
  usedSections,
  valueOf,
  type ChartView,
  type ReportDeclaration,
  type ReportFigures,
  type ReportRow,
} from './reports'
import type { useReportText } from './useReportText'

/** What the answer of every report with rows looks like. */
export interface ReportAnswer {
  rows: readonly ReportRow[]
  totals: ReportFigures
  meta: {
    from: string | null
    to: string | null
    as_of: string
    currency: string
    converted: readonly string[]
    definition: string
    row_count: number
    is_capped: boolean
  }
}

/** The plan of a drawing: which rows, in which order, as which figure. */
export function planOf(
  report: ReportDeclaration,
  view: ChartView,
  group: string,
  rows: readonly ReportRow[],
  text: Pick<ReturnType<typeof useReportText>, 'labelOf' | 'measureName'>,
): ChartPlan {
  const isTime = timeGroups.has(group)
  const [lead = ''] = view.measures
  let shown = rows.filter((row) => (report.charted ? report.charted(row) : true))
  const against = view.against ?? []
  const isFixed = view.kind === 'funnel' || view.kind === 'waterfall'
  // Deals without a date stand on no day of the axis.
  if (isTime) shown = shown.filter((row) => row.key !== null)
  else if (report.hasSections) shown = usedSections(shown, view.measures).flatMap((section) => section.rows)
  else if (!isFixed) {
    if (report.isOrdered)
      shown = shown.filter((row) => view.measures.some((key) => valueOf(row, key) !== null))
    else
      shown = shown
        .filter((row) => [...view.measures, ...against].some((key) => Number(valueOf(row, key) ?? 0) !== 0))
        .sort((a, b) => total(b, view, lead) - total(a, view, lead))
        .slice(0, mostBars)
  }
  const shape = isFixed
    ? (view.kind as 'funnel' | 'waterfall')
    : !isTime
      ? 'bar'
      : view.kind === 'line'
        ? 'line'
        : 'column'
  function seriesOf(key: string, colour: ChartSeries['colour']): ChartSeries {
    const measure = measureOf(report, key)
    return { measure, label: text.measureName(measure), colour, values: valuesOf(shown, key) }
  }
  const names = new Set(shown.map((row) => row['pipeline_name']))
  return {
    shape,
    isStacked: view.kind === 'stack',
    rows: shown,
    labels: shown.map((row) => {
      const label = text.labelOf(group, row)
      return report.hasSections && names.size > 1 ? `${label} (${String(row['pipeline_name'])})` : label
    }),
    series: view.measures.map((key, at) => seriesOf(key, colourOf(key, at))),
    // Where nobody has set one there is nothing to stand against.
    against: against
      .map((key) => seriesOf(key, 'ink'))
      .filter(({ values }) => values.some((value) => value !== null)),
  }
}

function total(row: ReportRow, view: ChartView, lead: string): number {
  const keys = view.kind === 'stack' ? view.measures : [lead]
  return keys.reduce((sum, key) => sum + Number(valueOf(row, key) ?? 0), 0)
}

/** The rows of a report as its table and its chart show them. */
export function useReportRows(
  report: ComputedRef<ReportDeclaration>,
  answer: ComputedRef<ReportAnswer | undefined>,
  group: ComputedRef<string>,
  view: ComputedRef<ChartView>,
  sort: ComputedRef<string | null>,
  text: ReturnType<typeof useReportText>,
) {
  const { locale } = useI18n()
  const rows = computed(() => answer.value?.rows ?? [])
  return {
    rows: computed(() =>
      sorted(
        // What is read is what is sorted.
        sort.value?.endsWith('label')
          ? rows.value.map((row) => ({
              ...row,
              label: timeGroups.has(group.value) ? row.label : text.labelOf(group.value, row),
            }))
          : rows.value,
        sort.value,
        locale.value,
      ),
    ),
    plan: computed(() => planOf(report.value, view.value, group.value, rows.value, text)),
    isEmpty: computed(() =>
      rows.value.every((row) =>
        report.value.measures.every((one) => Number(valueOf(row, one.key) ?? 0) === 0),
      ),
    ),
  }
}
