import { reportAt, nameOf } from './reports'

/** How the value of a filter is said. */
export type FilterValue =
  | { kind: 'record'; resource: 'customers' | 'people' | 'products' | 'deals' }
  | { kind: 'team' | 'user' | 'stage' | 'day' | 'instant' | 'country' | 'plain' | 'where' }
  /** A thing and two days, parted by commas. */
  | { kind: 'span'; under: 'report.pipelineChange' | null }
  | { kind: 'option'; list: string }
  /** A value with words of its own. */
  | {
      kind: 'word'
      under:
        'task.bucket' | 'deal.state' | 'deal.kindName' | 'deal.forecastName' | 'report.fault' | 'report.flag'
    }

const day: FilterValue = { kind: 'day' }
const instant: FilterValue = { kind: 'instant' }
const plain: FilterValue = { kind: 'plain' }
const option = (list: string): FilterValue => ({ kind: 'option', list })

/** The filters to which reports lead and that no toolbar offers; each has its words at `report.filter.<key>`. */
export const listFilters: Readonly<Record<string, FilterValue>> = {
  as_of: day,
  customer_id: { kind: 'record', resource: 'customers' },
  person_id: { kind: 'record', resource: 'people' },
  deal_id: { kind: 'record', resource: 'deals' },
  product_id: { kind: 'record', resource: 'products' },
  product_series: plain,
  industry: option('industry'),
  country: { kind: 'country' },
  province: plain,
  city: plain,
  region: plain,
  top_team_id: { kind: 'team' },
  team_id: { kind: 'team' },
  owner_id: { kind: 'user' },
  user_id: { kind: 'user' },
  created_by: { kind: 'user' },
  stage_id: { kind: 'stage' },
  state: { kind: 'word', under: 'deal.state' },
  kind: { kind: 'word', under: 'deal.kindName' },
  forecast_category: { kind: 'word', under: 'deal.forecastName' },
  source: option('source'),
  lost_reason: option('lost_reason'),
  currency: plain,
  opened_from: day,
  opened_to: day,
  closed: day,
  closed_from: day,
  closed_to: day,
  expected_close: day,
  expected_close_from: day,
  expected_close_to: day,
  next_step_on: day,
  next_step_on_from: day,
  next_step_on_to: day,
  stage_entered_after: instant,
  stage_entered_before: instant,
  created_after: instant,
  created_before: instant,
  updated_after: instant,
  updated_before: instant,
  do_not_call: { kind: 'word', under: 'report.flag' },
  do_not_email: { kind: 'word', under: 'report.flag' },
  credit_rating_min: plain,
  credit_rating_max: plain,
  last_contacted_after: instant,
  last_contacted_before: instant,
  change: { kind: 'span', under: 'report.pipelineChange' },
  entered: { kind: 'span', under: null },
  went_on: { kind: 'span', under: null },
  lost_from_stage_id: { kind: 'stage' },
  competitor: option('competitor'),
  hygiene: { kind: 'word', under: 'report.fault' },
  deal_state: { kind: 'word', under: 'deal.state' },
  became_lead_after: instant,
  became_lead_before: instant,
  qualified_after: instant,
  qualified_before: instant,
  disqualified_after: instant,
  disqualified_before: instant,
  qualified_by: { kind: 'user' },
  first_contacted_after: instant,
  first_contacted_before: instant,
  silent_since_after: instant,
  silent_since_before: instant,
  first_answer: { kind: 'word', under: 'report.flag' },
  occurred_after: instant,
  occurred_before: instant,
  done_after: instant,
  done_before: instant,
  due_from: day,
  due_to: day,
  due: day,
  starts_after: instant,
  starts_before: instant,
  bucket: { kind: 'word', under: 'task.bucket' },
  participant_id: { kind: 'user' },
  next_follow_up_after: instant,
  next_follow_up_before: instant,
  duration_seconds_min: plain,
  duration_seconds_max: plain,
  where: { kind: 'where' },
}

/** The name of the report in the parameter `report` of an address, as a part of keys of words. */
export function originOf(text: string | null): string | null {
  if (text === 'summary') return text
  const report = text === null ? undefined : (reportAt(text.replaceAll('_', '/')) ?? reportAt(text))
  return report ? nameOf(report) : null
}

/** One condition of a `where` tree. */
export interface Leaf {
  field: string
  op: string
  value: string
}

/** The conditions of a `where` tree that asks for all of them; null for any other tree. */
export function leavesOf(text: string): Leaf[] | null {
  try {
    const tree = JSON.parse(text) as { and?: unknown }
    const leaves = Array.isArray(tree.and) ? (tree.and as unknown[]) : [tree]
    const found = leaves.map((leaf) => {
      const { field, op, value } = leaf as { field?: unknown; op?: unknown; value?: unknown }
      if (typeof field !== 'string' || typeof op !== 'string') return null
      return { field, op, value: value === undefined ? '' : String(value) }
    })
    return found.every((leaf) => leaf !== null) ? found : null
  } catch {
    return null
  }
}
