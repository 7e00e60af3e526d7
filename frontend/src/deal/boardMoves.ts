import type { Deal, Link, Stage } from '@/api/types'
import { BoardDraft, columnKeyOf, type Board } from './board'

/** A place on the board: behind a card of a column, or on top of it. */
export interface Place {
  key: string
  afterId: number | null
}

/** A card that stands where the server has not confirmed it yet, or where somebody holds it. */
export interface PendingMove {
  /** The deal as it was when the move began. */
  deal: Deal
  /** The deal as the move will make it. */
  change(deal: Deal): Deal
  /** The card behind which it goes; null is the top. */
  afterId: number | null
  /** A card in somebody's hand keeps this place, whoever comes and goes around it. */
  held?: { key: string; index: number }
}

/** How a deal looks at another stage before the server has said so. */
export function dealAt(deal: Deal, stage: Stage | null): Deal {
  if (!stage || stage.id === deal.stage_id) return deal
  const isOpen = stage.kind === 'open'
  return {
    ...deal,
    stage_id: stage.id,
    stage: { id: stage.id, name: stage.name, kind: stage.kind },
    state: stage.kind,
    win_probability: isOpen && deal.win_probability_is_manual ? deal.win_probability : stage.win_probability,
    forecast_category:
      isOpen && deal.forecast_category_is_manual ? deal.forecast_category : stage.forecast_category,
    stage_entered_at: new Date().toISOString(),
  }
}

/** How a deal looks with another owner. */
export function dealOf(deal: Deal, owner: Link): Deal {
  return { ...deal, owner_id: owner.id, owner }
}

/** How a deal looks that is expected in another month: it keeps its day, or takes the last one. */
export function dealIn(deal: Deal, month: string): Deal {
  const [year = 0, number = 1] = month.split('-').map(Number)
  const last = new Date(Date.UTC(year, number, 0)).getUTCDate()
  const day = deal.expected_close_on ? Math.min(Number(deal.expected_close_on.slice(8)), last) : last
  return { ...deal, expected_close_on: `${month}-${String(day).padStart(2, '0')}` }
}

/** The board as the person has arranged it: the server's, with unconfirmed moves on top. */
export function withPending(board: Board, pending: Iterable<PendingMove>): Board {
  const draft = new BoardDraft(board)
  for (const move of pending) {
    const card = draft.find(move.deal.id)
    // What no filter lets through is not brought onto the board by its move.
    if (!card && !move.held && board.group_by !== 'stage') continue
    const deal = move.held ? move.deal : move.change(card ?? move.deal)
    const key = move.held?.key ?? columnKeyOf(deal, board.group_by)
    if (key !== null && !draft.column(key) && board.group_by !== 'stage') continue
    draft.remove(move.deal.id)
    if (key !== null) draft.insert(deal, key, placeFor(draft, move, key, board), card !== undefined)
  }
  return draft.result()
}

/** Where among its column's cards an unconfirmed card goes; undefined leaves it to their order. */
function placeFor(
  draft: BoardDraft<Board>,
  move: PendingMove,
  key: string,
  board: Board,
): number | undefined {
  const cards = draft.column(key)?.cards ?? []
  if (move.held) return Math.min(cards.length, move.held.index)
  if (board.group_by !== 'stage') return undefined
  const after = move.afterId === null ? -1 : cards.findIndex((other) => other.id === move.afterId)
  // A neighbour that has left meanwhile: the top is in sight, the end may not be.
  return Math.min(cards.length, after + 1)
}

/** Where a card goes with one press of Alt and an arrow; null when there is nothing further that way. */
export function stepFrom(board: Board, id: number, key: string): Place | null {
  const index = board.columns.findIndex((column) => column.cards.some((card) => card.id === id))
  const column = board.columns[index]
  if (!column) return null
  const at = column.cards.findIndex((card) => card.id === id)
  const isByHand = board.group_by === 'stage'
  if (key === 'ArrowUp') {
    return at === 0 || !isByHand ? null : { key: column.key, afterId: column.cards[at - 2]?.id ?? null }
  }
  if (key === 'ArrowDown') {
    const next = column.cards[at + 1]
    return next && isByHand ? { key: column.key, afterId: next.id } : null
  }
  const target = board.columns[index + (key === 'ArrowLeft' ? -1 : 1)]
  return target ? { key: target.key, afterId: null } : null
}

/** The card that gets the focus with an arrow; columns without cards are passed over. */
export function focusFrom(board: Board, id: number, key: string): number | null {
  const index = board.columns.findIndex((column) => column.cards.some((card) => card.id === id))
  const cards = board.columns[index]?.cards
  if (!cards) return null
  const at = cards.findIndex((card) => card.id === id)
  if (key === 'ArrowUp') return cards[at - 1]?.id ?? null
  if (key === 'ArrowDown') return cards[at + 1]?.id ?? null
  if (key === 'Home') return cards[0]?.id ?? null
  if (key === 'End') return cards.at(-1)?.id ?? null
  const step = key === 'ArrowLeft' ? -1 : key === 'ArrowRight' ? 1 : 0
  if (step === 0) return null
  for (let to = index + step; to >= 0 && to < board.columns.length; to += step) {
    const found = board.columns[to]?.cards
    if (found?.length) return found[Math.min(at, found.length - 1)]?.id ?? null
  }
  return null
}

/** Where a card stands: its column, and the card above it. */
export function placeOf(board: Board, id: number): Place | null {
  for (const column of board.columns) {
    const at = column.cards.findIndex((card) => card.id === id)
    if (at >= 0) return { key: column.key, afterId: column.cards[at - 1]?.id ?? null }
  }
  return null
}

/** Whether a drop would leave the card where it is. */
export function isSamePlace(board: Board, id: number, place: Place): boolean {
  const now = placeOf(board, id)
  if (now?.key !== place.key) return false
  return board.group_by !== 'stage' || now.afterId === place.afterId || place.afterId === id
}
