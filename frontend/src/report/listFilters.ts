import { reportAt, nameOf } from './reports'

/** How the value of a filter is said. */
export type FilterValue =
  | { kind: 'record'; resource: 'customers' | 'people' | 'products' }
  | { kind: 'team' | 'user' | 'stage' | 'day' | 'instant' | 'country' | 'plain' | 'where' | 'span' | 'flag' }
  | { kind: 'option'; list: string }
  /** A value with words of its own. */
  | { kind: 'word'; under: 'deal.state' | 'deal.kindName' | 'deal.forecastName' }

const day: FilterValue = { kind: 'day' }
const instant: FilterValue = { kind: 'instant' }
const plain: FilterValue = { kind: 'plain' }
const option = (list: string): FilterValue => ({ kind: 'option', list })

/** The filters to which reports lead and that no toolbar offers; each has its words at `report.filter.<key>`. */
export const listFilters: Readonly<Record<string, FilterValue>> = {
  as_of: day,
  customer_id: { kind: 'record', resource: 'customers' },
  person_id: { kind: 'record', resource: 'people' },
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
  credit_rating_min: plain,
  credit_rating_max: plain,
  last_contacted_after: instant,
  last_contacted_before: instant,
  where: { kind: 'where' },
}

/** The name of the report in the parameter `report` of an address, as a part of keys of words. */
export function originOf(text: string | null): string | null {
  if (text === 'summary') return text
  const report = text === null ? undefined : (reportAt(text.replaceAll('_', '/')) ?? reportAt(text))
  return report ? nameOf(report) : null
}

/** A leaf of a `where` tree, when it is one: `closed is_null`. */
export function leafOf(text: string): { field: string; op: string; value: string } | null {
  try {
    const tree = JSON.parse(text) as { field?: unknown; op?: unknown; value?: unknown }
    if (typeof tree.field !== 'string' || typeof tree.op !== 'string') return null
    return { field: tree.field, op: tree.op, value: tree.value === undefined ? '' : String(tree.value) }
  } catch {
    return null
  }
}
