import type { QueryClient } from '@tanstack/vue-query'
import type { Board, BoardColumn, Deal } from '@/api/types'
import { currencyPlaces, decimal, decimalText, rounded, timesRate } from './decimal'

export type { Board, BoardColumn }

/** A board as the query cache holds it. */
export interface BoardData extends Board {
  /** Keys of the columns whose totals cannot be told from here and wait to be asked for. */
  stale: readonly string[]
  /** Versions of deals that are on no loaded card and have been judged: the same event may come twice. */
  judged: ReadonlyMap<number, number>
}

/** Makes an answer of the server into what the cache holds. */
export function boardData(board: Board): BoardData {
  return { ...board, stale: [], judged: new Map() }
}

/** What a deal is worth, and what of that the board expects. */
export function worthOf(deal: Deal): { amount: bigint; weighted: bigint } {
  const amount = decimal(deal.amount)
  return { amount, weighted: timesRate(amount, deal.win_probability) }
}

/** What the columns of a board are. */
export type GroupBy = Board['group_by']

/** The key of the column of deals without an owner or a date. */
export const noKey = 'none'

/** The column that a deal belongs to; null for a closed one, which only a board by stage shows. */
export function columnKeyOf(deal: Deal, groupBy: GroupBy): string | null {
  if (groupBy === 'stage') return String(deal.stage_id)
  if (deal.state !== 'open') return null
  if (groupBy === 'owner') return deal.owner_id === null ? noKey : String(deal.owner_id)
  return deal.expected_close_on?.slice(0, 7) ?? noKey
}

/** The order of cards within a column: by hand under a stage, else by date. */
export function compareCards(a: Deal, b: Deal, groupBy: GroupBy): number {
  if (groupBy === 'stage') return a.rank < b.rank ? -1 : a.rank > b.rank ? 1 : a.id - b.id
  // No date stands behind every date.
  const [first, second] = [a.expected_close_on ?? '~', b.expected_close_on ?? '~']
  return first < second ? -1 : first > second ? 1 : a.id - b.id
}

/** A board under change: untouched columns stay the same objects, so that they are not drawn anew. */
export class BoardDraft {
  private readonly columns: BoardColumn[]
  private readonly touched = new Set<number>()
  private readonly told = new Set<number>()
  private readonly places = new Map<number, number>()

  constructor(private readonly board: Board) {
    this.columns = [...board.columns]
    this.columns.forEach((column, index) => {
      for (const card of column.cards) this.places.set(card.id, index)
    })
  }

  /** The card of a deal, as it stands in the board. */
  find(id: number): Deal | undefined {
    const index = this.places.get(id)
    return index === undefined ? undefined : this.columns[index]?.cards.find((card) => card.id === id)
  }

  /** The column of a key. */
  column(key: string): BoardColumn | undefined {
    return this.columns.find((column) => column.key === key)
  }

  /** The column in which a card stands. */
  keyOf(id: number): string | undefined {
    const index = this.places.get(id)
    return index === undefined ? undefined : this.columns[index]?.key
  }

  /** Columns of which not every card is loaded. */
  partial(): string[] {
    return this.columns.filter((column) => column.next_cursor !== null).map((column) => column.key)
  }

  /** Takes a card out, its money and count with it. */
  remove(id: number): Deal | undefined {
    const index = this.places.get(id)
    if (index === undefined) return undefined
    const column = this.open(index)
    const at = column.cards.findIndex((card) => card.id === id)
    const [card] = column.cards.splice(at, 1)
    this.places.delete(id)
    if (card) this.count(column, card, -1)
    return card
  }

  /**
   * Puts a deal into a column.
   *
   * @param at Place among the cards; by their order if not given.
   * @param counts False where the totals hold the deal already.
   * @returns False when its place is behind the loaded cards: the next page will bring it.
   */
  insert(deal: Deal, key: string, at?: number, counts = true): boolean {
    const index = this.columns.findIndex((column) => column.key === key)
    if (index < 0) return false
    const column = this.open(index)
    if (counts) this.count(column, deal, 1)
    const place = at ?? this.placeByOrder(column.cards, deal)
    if (at === undefined && place === column.cards.length && column.next_cursor !== null) return false
    column.cards.splice(place, 0, deal)
    this.places.set(deal.id, index)
    return true
  }

  /** Replaces a card where it stands. */
  replace(deal: Deal): void {
    const index = this.places.get(deal.id)
    if (index === undefined) return
    const column = this.open(index)
    const at = column.cards.findIndex((card) => card.id === deal.id)
    const former = column.cards[at]
    if (!former) return
    column.cards[at] = deal
    this.count(column, former, -1)
    this.count(column, deal, 1)
  }

  /** Gives a column the totals that the server has told, which may have chosen another currency for them. */
  setTotals(answer: BoardColumn, currency: string): void {
    const index = this.columns.findIndex((column) => column.key === answer.key)
    if (index < 0) return
    const others = answer.other_amounts
    const { amount, weighted_amount } = answer
    const main = { currency, amount, weighted_amount, count: answer.count - sumOf(others, 'count') }
    const all = [main, ...others]
    const own = all.find((sums) => sums.currency === this.board.currency)
    const column = this.open(index)
    column.count = answer.count
    column.amount = own?.amount ?? '0.00'
    column.weighted_amount = own?.weighted_amount ?? '0.00'
    column.other_amounts = all.filter((sums) => sums !== own && sums.count > 0)
    this.told.add(index)
  }

  /** Sets where the next page of a column begins. */
  setCursor(key: string, cursor: string | null): void {
    const index = this.columns.findIndex((column) => column.key === key)
    if (index >= 0) this.open(index).next_cursor = cursor
  }

  /** The columns after the changes. */
  result(): BoardColumn[] {
    for (const index of this.touched) this.settle(index)
    return this.touched.size === 0 ? this.board.columns : this.columns
  }

  /** A column that is loaded whole is summed up from its cards, so that no rounding piles up. */
  private settle(index: number): void {
    const column = this.columns[index] as BoardColumn
    if (this.told.has(index) || column.next_cursor !== null || column.count !== column.cards.length) return
    const sums = { amount: 0n, weighted: 0n }
    for (const card of column.cards) {
      if (card.currency !== this.board.currency) continue
      const { amount, weighted } = worthOf(card)
      sums.amount += amount
      sums.weighted += weighted
    }
    column.amount = decimalText(sums.amount)
    column.weighted_amount = decimalText(rounded(sums.weighted, currencyPlaces(this.board.currency)))
  }

  private placeByOrder(cards: readonly Deal[], deal: Deal): number {
    const at = cards.findIndex((card) => compareCards(deal, card, this.board.group_by) < 0)
    return at < 0 ? cards.length : at
  }

  private open(index: number): BoardColumn {
    const column = this.columns[index] as BoardColumn
    if (this.touched.has(index)) return column
    this.touched.add(index)
    const copy = { ...column, cards: [...column.cards] }
    this.columns[index] = copy
    return copy
  }

  private count(column: BoardColumn, deal: Deal, sign: 1 | -1): void {
    const { amount, weighted } = worthOf(deal)
    const add = (text: string, value: bigint): string => decimalText(decimal(text) + BigInt(sign) * value)
    column.count = Math.max(0, column.count + sign)
    if (deal.currency === this.board.currency) {
      column.amount = add(column.amount, amount)
      column.weighted_amount = add(column.weighted_amount, weighted)
      return
    }
    const { currency } = deal
    const former = column.other_amounts.find((sums) => sums.currency === currency) ?? {
      currency,
      count: 0,
      amount: '0.00',
      weighted_amount: '0.00',
    }
    const sums = {
      currency,
      count: former.count + sign,
      amount: add(former.amount, amount),
      weighted_amount: add(former.weighted_amount, weighted),
    }
    const others = column.other_amounts.filter((other) => other.currency !== currency)
    column.other_amounts = sums.count > 0 ? [...others, sums] : others
  }
}

function sumOf<K extends string>(rows: readonly Record<K, number>[], key: K): number {
  return rows.reduce((sum, row) => sum + row[key], 0)
}

/** How many deals there are on a board. */
export function boardCount(board: Board | undefined): number | null {
  return board ? sumOf(board.columns, 'count') : null
}

/** A deal as one of the loaded boards shows it. */
export function cardOf(queries: QueryClient, id: number): Deal | undefined {
  for (const [, board] of queries.getQueriesData<BoardData>({ queryKey: ['board'] })) {
    const card = board?.columns.flatMap((column) => column.cards).find((entry) => entry.id === id)
    if (card) return card
  }
  return undefined
}
