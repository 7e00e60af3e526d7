import type { FigureKind } from './figures'

/** A list that figures lead to. */
export type RecordsList = 'deals' | 'customers' | 'contacts'

/** One figure per row of a report. */
export interface Measure {
  /** Field of a row; its words are `report.figure.<key>`. */
  key: string
  kind: FigureKind
  /** Which way is good news; without it a change is only told. */
  better?: 'up' | 'down'
  /** As of a moment and not over the period: the period before says nothing about it. */
  standing?: boolean
  /** The list of the records behind it; the report's own unless named. */
  list?: RecordsList | null
}

/** A row, or the totals, as the server sends them. */
export type ReportFigures = Readonly<Record<string, unknown>> & {
  readonly filters?: Readonly<Record<string, string>>
}

/** A row of any report. */
export type ReportRow = ReportFigures & {
  readonly key: string | number | null
  readonly label: string
}

/** How a chart is drawn. */
export type ChartKind = 'bar' | 'line' | 'stack' | 'funnel' | 'waterfall'

/** One way to draw the rows. */
export interface ChartView {
  kind: ChartKind
  measures: readonly string[]
}

/** A report, declared: its screen follows from this. A further report is one entry of {@link reports}. */
export interface ReportDeclaration {
  /** Below `/reports/`, of the API and of the screen. */
  path: string
  /** Values of `group_by`, the default first; none where the report has one kind of rows only. */
  groups: readonly string[]
  /** What the rows are, where they cannot be chosen: `report.group.<rows>`. */
  rows?: string
  /** Figures of the totals shown large. */
  heads: readonly string[]
  measures: readonly Measure[]
  /** The first is shown unless another one is chosen. */
  charts: readonly [ChartView, ...ChartView[]]
  /** The order of the table before somebody sorts it; the server's without. */
  sort?: string
  /** Rows keep their order in charts: stages, months. */
  isOrdered?: boolean
  /** Rows come in sections of one pipeline each. */
  hasSections?: boolean
  /** Rows that a chart shows; all of them without. */
  charted?: (row: ReportRow) => boolean
  /** Where figures lead. */
  list: RecordsList | null
  /** Resources whose changes make it old. */
  resources: readonly string[]
}

const count = (key: string, more: Partial<Measure> = {}): Measure => ({ key, kind: 'count', ...more })
const amount = (key: string, more: Partial<Measure> = {}): Measure => ({ key, kind: 'amount', ...more })
const rate = (key: string, more: Partial<Measure> = {}): Measure => ({ key, kind: 'rate', ...more })
const days = (key: string, more: Partial<Measure> = {}): Measure => ({ key, kind: 'days', ...more })
const up = { better: 'up' } as const
const down = { better: 'down' } as const
const standing = { standing: true } as const

/** Groups whose rows are spans of time, in their order. */
export const timeGroups: ReadonlySet<string> = new Set(['day', 'week', 'month', 'quarter'])

/** All reports with rows, in the order of their tabs. */
export const reports: readonly ReportDeclaration[] = [
  {
    path: 'sales',
    groups: [
      'month',
      'quarter',
      'owner',
      'team',
      'top_team',
      'customer',
      'product',
      'product_series',
      'industry',
      'country',
      'region',
      'source',
      'stage',
      'currency',
    ],
    heads: ['won_amount', 'won_count', 'win_rate', 'mean_won_cycle_days'],
    measures: [
      amount('won_amount', up),
      count('won_count', up),
      count('lost_count', down),
      rate('win_rate', up),
      amount('mean_won_amount', up),
      rate('share'),
      days('mean_won_cycle_days', down),
      count('open_count', standing),
      amount('open_amount', standing),
      count('deal_count', { list: null }),
      rate('won_share', { list: null }),
      days('median_won_cycle_days', down),
      days('mean_closed_cycle_days', down),
    ],
    charts: [
      { kind: 'bar', measures: ['won_amount'] },
      { kind: 'stack', measures: ['won_count', 'lost_count'] },
      { kind: 'line', measures: ['win_rate'] },
      { kind: 'bar', measures: ['mean_won_amount'] },
      { kind: 'line', measures: ['mean_won_cycle_days', 'median_won_cycle_days'] },
      { kind: 'bar', measures: ['open_amount'] },
    ],
    list: 'deals',
    resources: ['deals', 'customers'],
  },
  {
    path: 'pipeline',
    groups: [],
    rows: 'stage',
    heads: ['count', 'amount', 'weighted_amount', 'overdue_count'],
    measures: [
      count('count', standing),
      amount('amount', standing),
      amount('weighted_amount', standing),
      days('mean_age_days', standing),
      count('overdue_count', standing),
    ],
    charts: [
      { kind: 'bar', measures: ['amount', 'weighted_amount'] },
      { kind: 'bar', measures: ['count', 'overdue_count'] },
      { kind: 'bar', measures: ['mean_age_days'] },
    ],
    isOrdered: true,
    hasSections: true,
    // What was won or lost long ago would dwarf what is on its way.
    charted: (row) => row['kind'] === 'open',
    list: 'deals',
    resources: ['deals', 'pipelines'],
  },
]

/** A report by the path of its screen. */
export function reportAt(path: string): ReportDeclaration | undefined {
  return reports.find((report) => report.path === path)
}

/** The part of a key of words that stands for a report: `pipeline_changes`. */
export function nameOf(report: Pick<ReportDeclaration, 'path'>): string {
  return report.path.replaceAll('/', '_')
}

/** A measure of a report. */
export function measureOf(report: ReportDeclaration, key: string): Measure {
  const measure = report.measures.find((one) => one.key === key)
  if (!measure) throw new Error(`${report.path} has no measure ${key}`)
  return measure
}

/** The list behind a measure of a report. */
export function listOf(report: ReportDeclaration, measure: Measure): RecordsList | null {
  return measure.list === undefined ? report.list : measure.list
}

/** A figure of a row as the wire has it. */
export function valueOf(row: ReportFigures, key: string): string | number | null {
  const value = row[key]
  return typeof value === 'string' || typeof value === 'number' ? value : null
}

/** Rows sorted by `label`, `-won_amount`, ...; what has no value comes last both ways. */
export function sorted(rows: readonly ReportRow[], sort: string | null, language: string): ReportRow[] {
  if (!sort) return [...rows]
  const [key, sign] = sort.startsWith('-') ? [sort.slice(1), -1] : [sort, 1]
  const names = new Intl.Collator(language === 'zh-CN' ? 'zh-CN-u-co-pinyin' : language, { numeric: true })
  return [...rows].sort((a, b) => {
    if (key === 'label')
      return Number(a.key === null) - Number(b.key === null) || sign * names.compare(a.label, b.label)
    const [left, right] = [valueOf(a, key), valueOf(b, key)]
    if (left === null || right === null) return Number(left === null) - Number(right === null)
    return sign * (Number(left) - Number(right))
  })
}

/** Rows by their sections, in the order of the rows. */
export function sectionsOf(rows: readonly ReportRow[]): { id: number; name: string; rows: ReportRow[] }[] {
  const found = new Map<number, { id: number; name: string; rows: ReportRow[] }>()
  for (const row of rows) {
    const id = Number(row['pipeline_id'] ?? 0)
    const section = found.get(id) ?? { id, name: String(row['pipeline_name'] ?? ''), rows: [] }
    section.rows.push(row)
    found.set(id, section)
  }
  return [...found.values()]
}

/** The sections that hold something; all where none does. */
export function usedSections(rows: readonly ReportRow[]): ReturnType<typeof sectionsOf> {
  const all = sectionsOf(rows)
  const used = all.filter((section) => section.rows.some((row) => Number(row['count'] ?? 1) > 0))
  return used.length > 0 ? used : all
}
