import type { EChartsCoreOption } from 'echarts/core'
import type { Measure, ReportRow } from './reports'
import { valueOf } from './reports'

/** The tokens that charts draw with, by their names in the style sheet without `--`. */
export const chartTokens = [
  'chart-1',
  'chart-2',
  'chart-3',
  'chart-4',
  'chart-5',
  'chart-up',
  'chart-down',
  'chart-rest',
  'ink',
  'ink-2',
  'ink-3',
  'line',
  'surface',
] as const

/** The colours of a theme. */
export type ChartColours = Record<(typeof chartTokens)[number], string>

/** What drawings take from the page: a canvas inherits neither colours nor letters. */
export interface ChartTheme {
  colours: ChartColours
  font: string
}

/** What a chart shows, independent of the library that draws it. */
export interface ChartPlan {
  /** `column`: upright bars over time; `bar`: lying bars, one per row. */
  shape: 'column' | 'bar' | 'line' | 'funnel' | 'waterfall'
  isStacked: boolean
  rows: readonly ReportRow[]
  labels: readonly string[]
  series: readonly ChartSeries[]
  /** What the bars stand against; the first of them is marked on each bar. */
  against: readonly ChartSeries[]
}

/** One measure as a chart shows it. */
export interface ChartSeries {
  measure: Measure
  label: string
  colour: keyof ChartColours
  values: readonly (number | null)[]
}

/** How values are written; short ones stand on axes and bars. */
export interface ChartWords {
  say: (measure: Measure, value: number | string | null) => string
  sayShort: (measure: Measure, value: number | string | null) => string
  sayAxis: (measure: Measure, value: number | null) => string
}

/** How many lying bars have room. */
export const mostBars = 12

/** The colour of a measure: what is won and lost looks the same in every chart. */
export function colourOf(key: string, place: number): keyof ChartColours {
  if (key.startsWith('won')) return 'chart-up'
  if (key.startsWith('lost')) return 'chart-rest'
  if (key.includes('overdue')) return 'chart-down'
  return (
    (['chart-1', 'chart-2', 'chart-3', 'chart-4', 'chart-5', 'chart-rest'] as const)[place % 6] ?? 'chart-1'
  )
}

/** The columns of a waterfall: where each begins and how far it goes; both ends of the whole stand on the ground. */
export function waterfall(values: readonly number[]): { base: number[]; size: number[] } {
  const base: number[] = []
  const size: number[] = []
  let level = 0
  values.forEach((value, at) => {
    const isEnd = at === 0 || at === values.length - 1
    const next = isEnd ? value : level + value
    base.push(isEnd ? Math.min(0, value) : Math.min(level, next))
    size.push(Math.abs(value))
    level = next
  })
  return { base, size }
}

/** A text that fits beside a bar. */
export function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text
}

/** The values of a measure over rows, as a chart takes them. */
export function valuesOf(rows: readonly ReportRow[], key: string): (number | null)[] {
  return rows.map((row) => {
    const value = valueOf(row, key)
    return value === null ? null : Number(value)
  })
}

/** The option of the chart library for a plan. */
export function optionOf(
  plan: ChartPlan,
  words: ChartWords,
  theme: ChartTheme,
  isStill: boolean,
  isNarrow: boolean,
): EChartsCoreOption {
  const [first] = plan.series
  const { colours } = theme
  const text = { fontFamily: theme.font, fontSize: 12 }
  const base = {
    animation: !isStill,
    animationDuration: 300,
    textStyle: { ...text, color: colours['ink-2'] },
  }
  if (!first) return base
  const short = (value: number | null): string => words.sayAxis(first.measure, value)
  const isFunnel = plan.shape === 'funnel'
  const isLying = plan.shape === 'bar' || isFunnel
  const values = {
    type: 'value',
    show: !isFunnel,
    splitNumber: isNarrow ? 3 : 4,
    ...(first.measure.kind === 'count' ? { minInterval: 1 } : {}),
    axisLabel: { ...text, color: colours['ink-3'], formatter: short, hideOverlap: true },
    splitLine: { lineStyle: { color: colours.line } },
  }
  const names = {
    type: 'category',
    data: plan.labels.map((label) => shortened(label, isLying ? (isNarrow ? 9 : 18) : isNarrow ? 14 : 22)),
    inverse: isLying,
    axisTick: { show: false },
    axisLine: { lineStyle: { color: colours.line } },
    axisLabel: {
      ...text,
      color: colours['ink-2'],
      hideOverlap: true,
      ...(isLying || plan.shape === 'waterfall' ? { interval: 0 } : {}),
      ...(plan.shape === 'waterfall' && isNarrow ? { rotate: 50 } : {}),
    },
  }
  return {
    ...base,
    grid: {
      left: 4,
      right: isLying ? (isNarrow ? 48 : 84) : 12,
      top: 20,
      bottom: 4,
      outerBoundsMode: 'same',
      outerBoundsContain: 'axisLabel',
    },
    xAxis: isLying ? values : names,
    yAxis: isLying ? names : values,
    series: isFunnel
      ? funnel(plan, words, theme)
      : plan.shape === 'waterfall'
        ? steps(plan, words, theme)
        : [
            ...plan.series.map((one) => drawn(plan, one, words, theme, isNarrow)),
            ...plan.against.slice(0, 1).flatMap((one) => marked(plan, one, words, theme, isNarrow)),
          ],
  }
}

function drawn(
  plan: ChartPlan,
  one: ChartSeries,
  words: ChartWords,
  { colours, font }: ChartTheme,
  isNarrow: boolean,
): object {
  const text = { fontFamily: font, fontSize: 11 }
  const colour = colours[one.colour]
  if (plan.shape === 'line')
    return {
      type: 'line',
      name: one.label,
      data: one.values,
      color: colour,
      lineStyle: { width: 2 },
      symbol: 'circle',
      symbolSize: 6,
      // A month in which nothing was closed has no rate: the line goes on over it.
      connectNulls: true,
    }
  const isLying = plan.shape === 'bar'
  const radius = isLying ? [0, 3, 3, 0] : [3, 3, 0, 0]
  return {
    type: 'bar',
    name: one.label,
    data: one.values,
    color: colour,
    barMaxWidth: isLying ? 26 : 36,
    barGap: '15%',
    ...(plan.isStacked ? { stack: 'all' } : { itemStyle: { borderRadius: radius } }),
    cursor: 'pointer',
    label: {
      ...text,
      color: colours['ink-2'],
      // Labels that would touch each other say less than none.
      show:
        isLying &&
        !plan.isStacked &&
        plan.against.length === 0 &&
        (plan.series.length === 1 || (!isNarrow && plan.rows.length * plan.series.length <= 20)),
      position: 'right',
      formatter: ({ dataIndex }: { dataIndex: number }) =>
        one.values[dataIndex] ? words.sayShort(one.measure, one.values[dataIndex] ?? null) : '',
    },
  }
}

/** A stroke across each bar, at what it is to reach; the figures of lying bars stand before it. */
function marked(
  plan: ChartPlan,
  one: ChartSeries,
  words: ChartWords,
  { colours, font }: ChartTheme,
  isNarrow: boolean,
): object[] {
  const [first] = plan.series
  const isLying = plan.shape === 'bar'
  const room = (isLying ? 240 : isNarrow ? 290 : 1000) / Math.max(plan.rows.length, 1)
  const length = Math.round(Math.min(isLying ? 30 : 44, Math.max(6, room * 0.75)))
  const strokes = {
    type: 'line',
    name: one.label,
    data: one.values,
    color: colours[one.colour],
    lineStyle: { width: 0 },
    symbol: 'rect',
    symbolSize: isLying ? [3, length] : [length, 3],
    showAllSymbol: true,
    silent: true,
    z: 4,
  }
  if (!isLying || !first) return [strokes]
  const figures = {
    ...strokes,
    data: first.values,
    color: 'transparent',
    symbolSize: 1,
    z: 5,
    label: {
      fontFamily: font,
      fontSize: 11,
      color: colours['ink-2'],
      backgroundColor: colours['surface'],
      padding: [1, 2],
      show: true,
      position: 'right',
      formatter: ({ dataIndex: at }: { dataIndex: number }) =>
        first.values[at] ? words.sayShort(first.measure, first.values[at] ?? null) : '',
    },
  }
  return [strokes, figures]
}

function steps(plan: ChartPlan, words: ChartWords, { colours, font }: ChartTheme): object[] {
  const text = { fontFamily: font, fontSize: 11 }
  const [one] = plan.series
  if (!one) return []
  const values = one.values.map((value) => value ?? 0)
  const { base, size } = waterfall(values)
  const colour = (at: number): string =>
    at === 0 || at === values.length - 1
      ? colours['chart-1']
      : (values[at] ?? 0) < 0
        ? colours['chart-down']
        : colours['chart-up']
  return [
    {
      type: 'bar',
      stack: 'all',
      data: base,
      itemStyle: { color: 'transparent' },
      silent: true,
      barMaxWidth: 56,
    },
    {
      type: 'bar',
      stack: 'all',
      name: one.label,
      data: size.map((value, at) => ({ value, itemStyle: { color: colour(at), borderRadius: 2 } })),
      barMaxWidth: 56,
      cursor: 'pointer',
      label: {
        ...text,
        color: colours['ink-2'],
        show: true,
        position: 'top',
        formatter: ({ dataIndex: at }: { dataIndex: number }) => {
          const said = words.sayShort(one.measure, values[at] ?? 0)
          return at > 0 && at < values.length - 1 && (values[at] ?? 0) > 0 ? `+${said}` : said
        },
      },
    },
  ]
}

/** Bars around one axis, each as wide as what arrived there. */
function funnel(plan: ChartPlan, words: ChartWords, { colours, font }: ChartTheme): object[] {
  const [one] = plan.series
  if (!one) return []
  const values = one.values.map((value) => value ?? 0)
  const most = Math.max(...values, 0)
  return [
    {
      type: 'bar',
      stack: 'all',
      data: values.map((value) => (most - value) / 2),
      itemStyle: { color: 'transparent' },
      silent: true,
      barCategoryGap: '18%',
    },
    {
      type: 'bar',
      stack: 'all',
      name: one.label,
      data: values,
      color: colours[one.colour],
      itemStyle: { borderRadius: 4 },
      barCategoryGap: '18%',
      cursor: 'pointer',
    },
    {
      // The figures stand in one column at the end, where the narrowest bar has room for them too.
      type: 'bar',
      stack: 'all',
      data: values.map((value) => (most - value) / 2),
      itemStyle: { color: 'transparent' },
      silent: true,
      label: {
        fontFamily: font,
        fontSize: 12,
        color: colours['ink-2'],
        show: true,
        position: 'right',
        formatter: ({ dataIndex: at }: { dataIndex: number }) =>
          words.sayShort(one.measure, one.values[at] ?? null),
      },
    },
  ]
}
