import type { Deal } from '@/api/types'
import type { AppliedEvent } from '@/records/live'
import { isGone } from '@/realtime/events'
import { BoardDraft, columnKeyOf, compareCards, type Board, type BoardData, type GroupBy } from './board'

/** What decides whether a deal belongs on a board. */
export interface BoardScope {
  pipelineId: number
  /** The board's own filters; a card that is there stays when only the search could tell. */
  fits(deal: Deal, present: boolean): boolean
  /** A filter that only the server can judge is set: a change of a deal asks for the board anew. */
  isJudgedThere?: boolean
  /** The first closing date that the won and lost columns still show. */
  closedFrom(): string
}

// A change of these may have brought a card here from where it was not seen, or changed a total unseen.
const moving = new Set([
  'stage_id',
  'pipeline_id',
  'state',
  'amount',
  'currency',
  'win_probability',
  'owner_id',
  'team_id',
  'customer_id',
  'collaborators',
  'closed_on',
  'expected_close_on',
  'is_active',
  'name',
])
const remembered = 2000

function belongs(deal: Deal, present: boolean, scope: BoardScope): boolean {
  if (!deal.is_active || deal.pipeline_id !== scope.pipelineId) return false
  if (deal.state !== 'open' && (deal.closed_on ?? '') < scope.closedFrom()) return false
  return scope.fits(deal, present)
}

/**
 * Works events into a board: cards move, change, come and go in place, and the totals follow.
 *
 * Where a deal stood on no loaded card, its column's totals cannot be told from here: the column is marked
 * `stale`. Null asks for the whole board anew: a pipeline was rebuilt, a customer changed hands, a rate was corrected,
 * or a deal has come to an owner or a month that had no column, or in a currency whose rates are not known here.
 */
export function applyToBoard(
  data: BoardData,
  events: readonly AppliedEvent[],
  scope: BoardScope,
): BoardData | null {
  const draft = new BoardDraft(data)
  const stale = new Set(data.stale)
  const judged = new Map(data.judged)
  for (const event of events) {
    if (event.resource === 'pipelines') {
      if (event.id === data.pipeline_id) return null
    } else if (event.resource === 'exchange-rates') {
      const currency = event.record?.['currency']
      if (typeof currency !== 'string' || draft.knows(currency)) return null
    } else if (event.resource === 'customers') {
      if (!followCustomer(data, draft, event)) return null
    } else if (!applyDeal(data.group_by, draft, event, scope, stale, judged)) return null
  }
  const next = draft.result()
  if (next === data && stale.size === data.stale.length && judged.size === data.judged.size) return data
  for (const id of [...judged.keys()].slice(0, Math.max(0, judged.size - remembered))) judged.delete(id)
  return { ...next, stale: [...stale], judged }
}

/** Works in what happened to a deal; false when there is no column or no rate for it. */
function applyDeal(
  groupBy: GroupBy,
  draft: BoardDraft<BoardData>,
  event: AppliedEvent,
  scope: BoardScope,
  stale: Set<string>,
  judged: Map<number, number>,
): boolean {
  const known = draft.find(event.id)
  const deal = isGone(event) ? null : (event.record as unknown as Deal)
  const version = deal?.version ?? event.version ?? 0
  if (known) {
    if (deal && version <= known.version) return true
    const key = deal && belongs(deal, true, scope) ? columnKeyOf(deal, groupBy) : null
    if (!deal || key === null) {
      draft.remove(event.id)
      judged.set(event.id, version)
      return true
    }
    if (!draft.column(key)) return groupBy === 'stage'
    if (!draft.knows(deal.currency)) return false
    const next = keepPersonal(known, deal)
    if (key === draft.keyOf(event.id) && compareCards(known, next, groupBy) === 0) draft.replace(next)
    else {
      draft.remove(event.id)
      if (!draft.insert(next, key)) judged.set(event.id, version)
    }
    return true
  }
  if ((judged.get(event.id) ?? -1) >= version && deal) return true
  const partial = draft.partial()
  // What was created stood nowhere before; a change of its notes moves no total.
  const wasElsewhere = !/_created$/.test(event.type)
  const matters =
    event.isOwn || event.changed.length === 0 || event.changed.some((field) => moving.has(field))
  if (wasElsewhere && matters) for (const key of partial) stale.add(key)
  judged.set(event.id, version)
  const key = deal && belongs(deal, false, scope) ? columnKeyOf(deal, groupBy) : null
  if (!deal || key === null) return true
  if (!draft.column(key)) return groupBy === 'stage'
  if (!draft.knows(deal.currency)) return false
  const isPartial = partial.includes(key)
  draft.insert(deal, key, undefined, !isPartial)
  if (isPartial && (matters || !wasElsewhere)) stale.add(key)
  return true
}

/** A push is the same for everybody in its room: what is personal stays as it was read. */
function keepPersonal(known: Deal, deal: Deal): Deal {
  return deal.can_write === undefined ? { ...deal, can_write: known.can_write } : deal
}

/** A renamed customer is renamed on the cards; false when what is visible may have changed. */
function followCustomer(data: BoardData, draft: BoardDraft<BoardData>, event: AppliedEvent): boolean {
  const cards = data.columns.flatMap((column) => column.cards.filter((card) => card.customer_id === event.id))
  if (cards.length === 0) return true
  if (isGone(event) || event.changed.includes('owner_id') || event.changed.includes('team_id')) return false
  const name = event.record?.['name']
  if (!event.changed.includes('name') || typeof name !== 'string') return true
  for (const { id } of cards) {
    const card = draft.find(id)
    if (card?.customer_id === event.id) draft.replace({ ...card, customer: { id: event.id, name } })
  }
  return true
}

/**
 * Appends the next cards of a column. What moved while the answer was on its way keeps its newer place.
 *
 * @param heard Events since the request went out.
 */
export function mergeMore(
  data: BoardData,
  answer: Board,
  heard: readonly AppliedEvent[],
  scope: BoardScope,
): BoardData {
  const [column] = answer.columns
  if (!column) return data
  const { key } = column
  const draft = new BoardDraft(data)
  draft.setTotals(answer, key)
  draft.setCursor(key, column.next_cursor)
  const moved = new Set(heard.map((event) => event.id))
  for (const deal of column.cards) {
    if (draft.find(deal.id) || moved.has(deal.id)) continue
    draft.insert(deal, key, draft.column(key)?.cards.length ?? 0, false)
  }
  const stale = data.stale.filter((stale) => stale !== key)
  const merged = { ...draft.result(), stale }
  if (heard.length === 0) return merged
  // What was judged unseen may stand on a card now: it is told again, and the totals are asked for.
  const judged = new Map([...data.judged].filter(([id]) => !moved.has(id)))
  const next = applyToBoard({ ...merged, judged }, heard, scope) ?? merged
  return { ...next, stale: [...new Set([...next.stale, key])] }
}

/** Takes over totals that were asked for; those that changed while the answer was on its way stay stale. */
export function mergeTotals(
  data: BoardData,
  answer: Board,
  keys: readonly string[],
  isQuiet: boolean,
): BoardData {
  const draft = new BoardDraft(data)
  for (const { key } of answer.columns) if (keys.includes(key)) draft.setTotals(answer, key)
  const stale = isQuiet ? data.stale.filter((key) => !keys.includes(key)) : data.stale
  return { ...draft.result(), stale }
}
