import type { Deal, Stage } from '@/api/types'
import { BoardDraft, type Board } from './board'

/** A place on the board: behind a card of a stage, or on top of it. */
export interface Place {
  stageId: number
  afterId: number | null
}

/** A card that stands where the server has not confirmed it yet, or where somebody holds it. */
export interface PendingMove extends Place {
  /** The deal as it was when the move began. */
  deal: Deal
  /** The stage that it goes to, as far as it is known. */
  stage: Stage | null
  /** A card in somebody's hand keeps this place, whoever comes and goes around it. */
  index?: number
}

/** How a deal looks at another stage before the server has said so. */
export function dealAt(deal: Deal, stage: Stage | null): Deal {
  if (!stage || stage.id === deal.stage_id) return deal
  return {
    ...deal,
    stage_id: stage.id,
    stage: { id: stage.id, name: stage.name, kind: stage.kind },
    state: stage.kind,
    win_probability:
      stage.kind === 'open' && deal.win_probability_is_manual ? deal.win_probability : stage.win_probability,
    stage_entered_at: new Date().toISOString(),
  }
}

/** The board as the person has arranged it: the server's, with unconfirmed moves on top. */
export function withPending(board: Board, pending: Iterable<PendingMove>): Board {
  const draft = new BoardDraft(board)
  for (const move of pending) {
    const card = draft.remove(move.deal.id)
    const deal = move.index === undefined ? dealAt(card ?? move.deal, move.stage) : move.deal
    const cards = draft.column(move.stageId)?.cards ?? []
    const after = move.afterId === null ? -1 : cards.findIndex((other) => other.id === move.afterId)
    // A neighbour that has left meanwhile: the top is in sight, the end may not be.
    draft.insert(deal, move.stageId, Math.min(cards.length, move.index ?? after + 1), card !== undefined)
  }
  const columns = draft.result()
  return columns === board.columns ? board : { ...board, columns }
}

/** Where a card goes with one press of Alt and an arrow; null when there is nothing further that way. */
export function stepFrom(board: Board, id: number, key: string): Place | null {
  const index = board.columns.findIndex((column) => column.cards.some((card) => card.id === id))
  const column = board.columns[index]
  if (!column) return null
  const at = column.cards.findIndex((card) => card.id === id)
  if (key === 'ArrowUp') {
    return at === 0 ? null : { stageId: column.stage_id, afterId: column.cards[at - 2]?.id ?? null }
  }
  if (key === 'ArrowDown') {
    const next = column.cards[at + 1]
    return next ? { stageId: column.stage_id, afterId: next.id } : null
  }
  const target = board.columns[index + (key === 'ArrowLeft' ? -1 : 1)]
  return target ? { stageId: target.stage_id, afterId: null } : null
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

/** Where a card stands: its stage, and the card above it. */
export function placeOf(board: Board, id: number): Place | null {
  for (const column of board.columns) {
    const at = column.cards.findIndex((card) => card.id === id)
    if (at >= 0) return { stageId: column.stage_id, afterId: column.cards[at - 1]?.id ?? null }
  }
  return null
}

/** Whether a drop would leave the card where it is. */
export function isSamePlace(board: Board, id: number, place: Place): boolean {
  const now = placeOf(board, id)
  return (
    now !== null && now.stageId === place.stageId && (now.afterId === place.afterId || place.afterId === id)
  )
}
