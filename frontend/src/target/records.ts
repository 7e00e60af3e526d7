import type { Attainment, AttainmentRow } from '@/api/types'
import { recordsOf } from '@/report/figures'
import type { TargetSpan } from './spans'

/** The first day behind a span. */
function dayAfter({ kind, first }: TargetSpan): string {
  const [year = 0, month = 1] = first.split('-').map(Number)
  const months = { month: 1, quarter: 3, year: 12 }[kind]
  return new Date(Date.UTC(year, month - 1 + months, 1)).toISOString().slice(0, 10)
}
const dayBefore = (day: string): string => new Date(Date.parse(day) - 86_400_000).toISOString().slice(0, 10)

/** The records that make what was reached in a cell. */
export function recordsBehind({ rows, meta }: Attainment, row: AttainmentRow, span: TargetSpan) {
  const list = {
    won_amount: 'deals',
    won_count: 'deals',
    new_customers: 'customers',
    activities: 'contacts',
    tasks_done: 'tasks',
  } as const
  // Whose each record is, and when it happened, in the words of its list.
  const [person, moment] = {
    won_amount: ['owner_id', 'closed'],
    won_count: ['owner_id', 'closed'],
    new_customers: ['owner_id', 'created'],
    activities: ['user_id', 'occurred'],
    tasks_done: ['assignee_id', 'done'],
  }[meta.measure] as [string, string]
  const wanted = new URLSearchParams()
  if (row.user_id !== null) wanted.append(person, String(row.user_id))
  else {
    // A team and, as the rows stand in the order of the tree, all teams below it.
    const teams = new Set([row.team_id])
    for (const other of rows)
      if (other.team_id !== null && teams.has(other.parent_team_id)) teams.add(other.team_id)
    for (const id of teams) wanted.append('team_id', String(id))
  }
  const end = dayAfter(span)
  if (list[meta.measure] === 'deals') {
    wanted.append('state', 'won')
    wanted.append('closed_from', span.first)
    wanted.append('closed_to', dayBefore(end))
    if (meta.currency)
      for (const currency of [meta.currency, ...meta.converted]) wanted.append('currency', currency)
    if (meta.product_id !== null) wanted.append('product_id', String(meta.product_id))
  } else {
    if (meta.measure === 'tasks_done') wanted.append('state', 'done')
    wanted.append(`${moment}_after`, span.first)
    wanted.append(`${moment}_before`, end)
  }
  return recordsOf(list[meta.measure], wanted.toString())
}
