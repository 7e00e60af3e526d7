import type { FigureKind } from './figures'
import type { Period } from './period'

/** A list that figures lead to. */
export type RecordsList = 'tasks' | 'deals' | 'deal-hygiene' | 'customers' | 'contacts' | 'targets'

/** One figure per row of a report. */
export interface Measure {
  /** Field of a row, or a part of one: `kind_counts.call`. */
  key: string
  /** Its words are `report.figure.<name>`; those of the key unless named. */
  name?: string
  kind: FigureKind
  /** Which way is good news; without it a change is only told. */
  better?: 'up' | 'down'
  /** As of a moment and not over the period: the period before says nothing about it. */
  standing?: boolean
  /** The list of the records behind it; the report's own unless named. */
  list?: RecordsList | null
  /** A share of a whole: the table draws a bar beside the figure. */
  hasBar?: boolean
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

/** What any report may be narrowed by. */
export type ReportParameter = 'from' | 'to' | 'pipeline_id' | 'currency' | 'as_of'

/** How a chart is drawn. */
export type ChartKind = 'bar' | 'line' | 'stack' | 'funnel' | 'waterfall'

/** One way to draw the rows. */
export interface ChartView {
  kind: ChartKind
  measures: readonly string[]
  /** What the bars stand against: the first is marked on them, all of them are told beside. */
  against?: readonly string[]
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
  /** Parameters that the report does not take. */
  without?: readonly ReportParameter[]
  /** It compares two moments: without a period it covers all that is known. */
  needsPeriod?: boolean
  /** The period before somebody chooses one; this month without. */
  period?: Period
  /** The order of the table before somebody sorts it; the server's without. */
  sort?: string
  /** There may be as many rows as customers: a screen asks for the first ones. */
  hasManyRows?: boolean
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
const minutes = (key: string, more: Partial<Measure> = {}): Measure => ({ key, kind: 'minutes', ...more })
const up = { better: 'up' } as const
const down = { better: 'down' } as const
const standing = { standing: true } as const
/** What is to be won, and which share of it was. */
const goal: readonly Measure[] = [
  amount('target', { list: 'targets' }),
  rate('attainment', { ...up, hasBar: true }),
]
const against = ['target', 'attainment'] as const

/** Groups whose rows are spans of time, in their order. */
export const timeGroups: ReadonlySet<string> = new Set(['day', 'week', 'month', 'quarter'])

/** The ways of being in touch, as the report of activity counts them. */
const contactKinds = ['call', 'visit', 'meeting', 'wechat', 'email', 'note'] as const

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
    hasManyRows: true,
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
  {
    path: 'pipeline/changes',
    groups: [],
    rows: 'change',
    heads: [],
    measures: [count('count'), amount('amount'), amount('moved_amount')],
    charts: [{ kind: 'waterfall', measures: ['amount'] }],
    isOrdered: true,
    needsPeriod: true,
    // What only slipped stays in the total, and what did not happen needs no step.
    charted: ({ key, amount: sum }) =>
      key === 'start' || key === 'end' || (key !== 'slipped' && Number(sum) !== 0),
    list: 'deals',
    resources: ['deals', 'pipelines'],
  },
  {
    path: 'forecast',
    groups: [],
    rows: 'month',
    heads: ['committed_amount', 'best_case_amount', 'weighted_amount', 'won_amount'],
    measures: [
      amount('committed_amount', standing),
      amount('best_case_amount', standing),
      amount('pipeline_amount', standing),
      count('open_count', standing),
      amount('open_amount', standing),
      amount('weighted_amount', standing),
      count('overdue_count', { ...standing, name: 'late_count' }),
      amount('overdue_amount', standing),
      count('won_count', up),
      amount('won_amount', up),
      ...goal,
    ],
    charts: [
      {
        kind: 'stack',
        measures: ['won_amount', 'committed_amount', 'best_case_amount', 'pipeline_amount'],
        against,
      },
      { kind: 'bar', measures: ['open_amount', 'weighted_amount'] },
      { kind: 'bar', measures: ['attainment'] },
    ],
    period: 'all',
    isOrdered: true,
    list: 'deals',
    resources: ['deals', 'targets'],
  },
  {
    path: 'funnel',
    groups: [],
    rows: 'stage',
    heads: ['entered', 'went_on', 'conversion', 'mean_days'],
    measures: [count('entered', up), count('went_on', up), rate('conversion', up), days('mean_days', down)],
    charts: [
      { kind: 'funnel', measures: ['entered'] },
      { kind: 'bar', measures: ['conversion'] },
      { kind: 'bar', measures: ['mean_days'] },
    ],
    isOrdered: true,
    hasSections: true,
    list: 'deals',
    resources: ['deals', 'pipelines'],
  },
  {
    path: 'velocity',
    groups: ['month', 'owner'],
    heads: ['median_won_cycle_days', 'mean_won_cycle_days', 'p90_won_cycle_days', 'median_lost_cycle_days'],
    measures: ['won', 'lost'].flatMap((end) => [
      count(`${end}_cycle_count`),
      days(`mean_${end}_cycle_days`, down),
      days(`median_${end}_cycle_days`, down),
      days(`p90_${end}_cycle_days`, down),
    ]),
    charts: [
      { kind: 'line', measures: ['median_won_cycle_days', 'mean_won_cycle_days', 'p90_won_cycle_days'] },
      { kind: 'line', measures: ['median_won_cycle_days', 'median_lost_cycle_days'] },
      { kind: 'bar', measures: ['won_cycle_count', 'lost_cycle_count'] },
    ],
    list: 'deals',
    resources: ['deals'],
  },
  {
    path: 'losses',
    groups: ['reason', 'stage', 'competitor'],
    heads: ['count', 'amount'],
    measures: [
      count('count', { ...down, name: 'lost_count' }),
      amount('amount', { ...down, name: 'lost_amount' }),
      rate('share', { name: 'lost_share' }),
    ],
    charts: [
      { kind: 'bar', measures: ['count'] },
      { kind: 'bar', measures: ['amount'] },
    ],
    list: 'deals',
    resources: ['deals'],
  },
  {
    path: 'leaderboard',
    groups: [],
    rows: 'owner',
    heads: ['won_amount', 'attainment', 'win_rate', 'contact_count'],
    measures: [
      count('rank', { list: null }),
      amount('won_amount', up),
      ...goal,
      count('won_count', up),
      count('lost_count', down),
      rate('win_rate', up),
      count('contact_count', { ...up, list: 'contacts' }),
      count('new_customers', { ...up, list: 'customers' }),
    ],
    charts: [
      { kind: 'bar', measures: ['won_amount'], against },
      { kind: 'bar', measures: ['win_rate'] },
      { kind: 'bar', measures: ['contact_count'] },
      { kind: 'bar', measures: ['attainment'] },
    ],
    list: 'deals',
    resources: ['deals', 'contacts', 'customers', 'targets'],
  },
  {
    path: 'activity',
    groups: ['owner', 'day'],
    heads: ['contact_count', 'tasks_done', 'customers_touched', 'median_answer_minutes'],
    measures: [
      count('contact_count', up),
      ...contactKinds.map((kind) => count(`kind_counts.${kind}`)),
      count('tasks_done', { ...up, list: 'tasks' }),
      count('customers_touched', up),
      count('answered_count', up),
      minutes('mean_answer_minutes', down),
      minutes('median_answer_minutes', down),
    ],
    charts: [
      { kind: 'stack', measures: contactKinds.map((kind) => `kind_counts.${kind}`) },
      { kind: 'bar', measures: ['tasks_done'] },
      { kind: 'bar', measures: ['customers_touched'] },
      { kind: 'bar', measures: ['median_answer_minutes'] },
    ],
    without: ['as_of', 'pipeline_id', 'currency'],
    list: 'contacts',
    resources: ['contacts', 'tasks'],
  },
  {
    path: 'customers',
    groups: ['month', 'tag', 'source', 'industry', 'rating_band', 'region', 'level', 'owner'],
    heads: ['customer_count', 'new_customers', 'active_count', 'silent_90_count'],
    measures: [
      count('customer_count'),
      count('new_customers', up),
      count('active_count', standing),
      count('silent_30_count', standing),
      count('silent_60_count', standing),
      count('silent_90_count', standing),
      count('lost_count', { ...standing, name: 'gone_count' }),
    ],
    charts: [
      { kind: 'bar', measures: ['new_customers'] },
      { kind: 'bar', measures: ['silent_30_count', 'silent_60_count', 'silent_90_count'] },
      { kind: 'bar', measures: ['customer_count'] },
    ],
    without: ['as_of', 'pipeline_id', 'currency'],
    list: 'customers',
    resources: ['customers', 'contacts'],
  },
  {
    path: 'leads',
    groups: ['source', 'owner', 'month'],
    heads: ['new_count', 'contacted_count', 'qualified_count', 'qualification_rate'],
    measures: [
      count('new_count', up),
      count('contacted_count', up),
      count('qualified_count', up),
      count('won_count', up),
      rate('qualification_rate', up),
      days('mean_days_to_qualify', down),
    ],
    charts: [
      { kind: 'bar', measures: ['new_count', 'contacted_count', 'qualified_count'] },
      { kind: 'bar', measures: ['qualification_rate'] },
      { kind: 'bar', measures: ['mean_days_to_qualify'] },
    ],
    without: ['as_of', 'pipeline_id', 'currency'],
    list: 'customers',
    resources: ['customers', 'contacts', 'deals'],
  },
  {
    path: 'hygiene',
    groups: [],
    rows: 'owner',
    heads: ['faulty_count', 'no_next_step_count', 'silent_count', 'too_long_count'],
    measures: [
      count('open_count', standing),
      ...['faulty', 'no_next_step', 'overdue', 'silent', 'too_long'].map((fault) =>
        count(`${fault}_count`, {
          ...standing,
          list: 'deal-hygiene',
          ...(fault === 'overdue' ? { name: 'late_count' } : {}),
        }),
      ),
      amount('faulty_amount', standing),
    ],
    charts: [
      { kind: 'bar', measures: ['faulty_count'] },
      { kind: 'bar', measures: ['no_next_step_count'] },
      { kind: 'bar', measures: ['overdue_count'] },
      { kind: 'bar', measures: ['silent_count'] },
      { kind: 'bar', measures: ['too_long_count'] },
      { kind: 'bar', measures: ['faulty_amount'] },
    ],
    without: ['from', 'to', 'as_of'],
    list: 'deals',
    resources: ['deals', 'contacts'],
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
  const value = key.split('.').reduce<unknown>((found, part) => (found as ReportFigures | null)?.[part], row)
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

/** The sections that hold something by these figures; all where none does. */
export function usedSections(
  rows: readonly ReportRow[],
  keys: readonly string[],
): ReturnType<typeof sectionsOf> {
  const all = sectionsOf(rows)
  const used = all.filter((section) =>
    section.rows.some((row) => keys.some((key) => Number(valueOf(row, key) ?? 0) !== 0)),
  )
  return used.length > 0 ? used : all
}
