import { computed } from 'vue'
import { useFormat } from '@/i18n/format'
import { spanBefore } from './period'
import { nameOf, type ReportDeclaration } from './reports'
import { useReport } from './useReport'
import { useReportChoice } from './useReportChoice'
import { useReportRows, type ReportAnswer } from './useReportRows'
import { useReportText } from './useReportText'

interface OtherAmount {
  currency: string
  amount: string
}

/** Everything behind the screen of a report: what the address asks for, the answer, the one for the period before. */
export function useReportView(report: ReportDeclaration) {
  const { money } = useFormat()
  const state = useReportChoice()
  const [home = report.rows ?? nameOf(report)] = report.groups
  const group = computed(() => {
    const asked = state.extra('group_by')
    return asked !== null && report.groups.includes(asked) ? asked : home
  })
  const query = computed(() => ({
    ...state.query.value,
    ...(report.groups.length > 0 ? { group_by: group.value } : {}),
  }))
  const options = { resources: report.resources, onChange: 'tell' } as const
  const result = useReport<ReportAnswer>(report.path, query, options)
  const answer = computed(() => result.data.value)

  const spanOfBefore = computed(() => spanBefore(state.choice.value, state.today.value))
  const isCompared = computed(
    () =>
      spanOfBefore.value !== null &&
      report.heads.some((key) => report.measures.some((one) => one.key === key && !one.standing)),
  )
  const former = useReport<ReportAnswer>(
    report.path,
    computed(() => ({ ...query.value, ...spanOfBefore.value })),
    { ...options, enabled: isCompared },
  )

  const chart = computed(() => {
    const asked = Number(state.extra('chart') ?? 0)
    return Number.isInteger(asked) && asked >= 0 && asked < report.charts.length ? asked : 0
  })
  const sort = computed(() => {
    const asked = state.extra('sort') ?? report.sort ?? null
    const key = asked?.replace(/^-/, '')
    return key === 'label' || report.measures.some((one) => one.key === key) ? asked : null
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
        label: view.measures.map((key) => text.measureName({ key })).join(' · '),
      })),
    ),
    /** Amounts in currencies without a rate: never added, told beside the totals. */
    others: computed(() =>
      ((answer.value?.totals['other_amounts'] ?? []) as OtherAmount[])
        .map((other) => money(other.amount, other.currency))
        .join(', '),
    ),
    setGroup: (value: string) => state.setExtra({ group_by: value === home ? null : value, sort: null }),
    setChart: (value: number) => state.setExtra({ chart: value === 0 ? null : String(value) }),
    setSort: (value: string | null) => state.setExtra({ sort: value }),
  }
}
