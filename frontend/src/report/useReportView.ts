import { computed } from 'vue'
import type { Query } from '@/api/rest'
import { useFormat } from '@/i18n/format'
import { spanBefore } from './period'
import { measureOf, type ReportDeclaration } from './reports'
import { useReport } from './useReport'
import { useReportChoice } from './useReportChoice'
import { useReportRows, type ReportAnswer } from './useReportRows'
import { useReportText } from './useReportText'

interface OtherAmount {
  currency: string
  amount: string
}

/** What the report is asked for: of what the address says, all that it takes. */
export function asked(report: ReportDeclaration, choice: Query, group: string, today: string): Query {
  const taken = Object.entries(choice).filter(([key]) => !report.without?.some((one) => one === key))
  return {
    ...Object.fromEntries(taken),
    ...(report.needsPeriod ? { from: choice['from'] ?? '2000-01-01', to: choice['to'] ?? today } : {}),
    ...(report.groups.length > 0 ? { group_by: group } : {}),
  }
}

/** The same for a screen: nobody reads more rows on one, and files have them all. */
export function shortened(report: ReportDeclaration, query: Query, rows = 1000): Query {
  return report.hasManyRows ? { ...query, limit: rows } : query
}

/** Everything behind the screen of a report: what the address asks for, the answer, the one for the period before. */
export function useReportView(report: ReportDeclaration) {
  const { money } = useFormat()
  const state = useReportChoice(report.period)
  const [home = report.rows ?? ''] = report.groups
  const group = computed(() => {
    const wanted = state.extra('group_by')
    return wanted !== null && report.groups.includes(wanted) ? wanted : home
  })
  const query = computed(() => asked(report, state.query.value, group.value, state.today.value))
  const options = { resources: report.resources, onChange: 'tell' } as const
  const result = useReport<ReportAnswer>(
    report.path,
    computed(() => shortened(report, query.value)),
    options,
  )
  const answer = computed(() => result.data.value)

  const spanOfBefore = computed(() => spanBefore(state.choice.value, state.today.value))
  const isCompared = computed(
    () =>
      spanOfBefore.value !== null &&
      !report.without?.includes('from') &&
      report.heads.some((key) => report.measures.some((one) => one.key === key && !one.standing)),
  )
  const former = useReport<ReportAnswer>(
    report.path,
    // Only the totals are compared.
    computed(() =>
      shortened(
        report,
        asked(report, { ...state.query.value, ...spanOfBefore.value }, group.value, state.today.value),
        1,
      ),
    ),
    { ...options, enabled: isCompared, part: 'before' },
  )

  const chart = computed(() => {
    const wanted = Number(state.extra('chart') ?? 0)
    return Number.isInteger(wanted) && wanted >= 0 && wanted < report.charts.length ? wanted : 0
  })
  const sort = computed(() => {
    const wanted = state.extra('sort') ?? report.sort ?? null
    const key = wanted?.replace(/^-/, '')
    return key === 'label' || report.measures.some((one) => one.key === key) ? wanted : null
  })
  const currency = computed(() => answer.value?.meta.currency ?? '')
  const text = useReportText(() => currency.value)
  const rows = useReportRows(
    computed(() => report),
    answer,
    group,
    computed(() => report.charts[chart.value] ?? report.charts[0]),
    sort,
    text,
  )
  const isCapped = computed(
    () => rows.plan.value.shape === 'bar' && report.isOrdered !== true && report.charted === undefined,
  )

  const amountsOf = (name: string): string =>
    ((answer.value?.totals[name] ?? []) as OtherAmount[])
      .map((other) => money(other.amount, other.currency))
      .join(', ')

  return {
    ...rows,
    state,
    query,
    answer,
    text,
    group,
    chart,
    sort,
    isCompared,
    before: computed(() => (isCompared.value && !former.isDimmed.value ? former.data.value : undefined)),
    error: result.error,
    isOld: result.isOld,
    isDimmed: result.isDimmed,
    retry: () => {
      result.retry()
      if (isCompared.value) former.retry()
    },
    /** Rows of the table that a chart of lying bars has no room for. */
    hiddenCount: computed(() =>
      isCapped.value ? Math.max(0, rows.rows.value.length - rows.plan.value.rows.length) : 0,
    ),
    chartChoices: computed(() =>
      report.charts.map((view, at) => ({
        value: String(at),
        label: view.measures.map((key) => text.measureName(measureOf(report, key))).join(' · '),
      })),
    ),
    /** Amounts in currencies without a rate: never added, told beside the totals. */
    others: computed(() => amountsOf('other_amounts')),
    /** The same of targets. */
    otherTargets: computed(() => amountsOf('other_targets')),
    setGroup: (value: string) => state.setExtra({ group_by: value === home ? null : value, sort: null }),
    setChart: (value: number) => state.setExtra({ chart: value === 0 ? null : String(value) }),
    setSort: (value: string | null) => state.setExtra({ sort: value }),
  }
}
