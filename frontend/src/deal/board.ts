import type { QueryClient } from '@tanstack/vue-query'
import type { Board, BoardColumn, Deal } from '@/api/types'
import { chosenCurrency, knowsCurrency, withDeal, worthOf } from './boardWorth'

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
export class BoardDraft<T extends Board> {
  private readonly columns: BoardColumn[]
  private readonly touched = new Set<number>()
  private readonly places = new Map<number, number>()
  private currencies: Board['currencies']

  constructor(private readonly board: T) {
    this.currencies = board.currencies
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

  /** Whether the totals can be told with a deal in this currency: its rates are known, or that it has none. */
  knows(currency: string): boolean {
    return knowsCurrency(this.money(), currency)
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

  /** Takes over the totals of a column as the server has told them. */
  setTotals(answer: Board, key: string): void {
    const told = answer.columns.find((column) => column.key === key)
    const index = this.columns.findIndex((column) => column.key === key)
    if (!told || index < 0) return
    Object.assign(this.open(index), { sums: told.sums, count: told.count })
    const fresh = answer.currencies.filter(({ code }) => !this.knows(code))
    if (fresh.length > 0) this.currencies = [...this.currencies, ...fresh]
  }

  /** Sets where the next page of a column begins. */
  setCursor(key: string, cursor: string | null): void {
    const index = this.columns.findIndex((column) => column.key === key)
    if (index >= 0) this.open(index).next_cursor = cursor
  }

  /** The board after the changes; the same object where there were none. */
  result(): T {
    if (this.touched.size === 0) return this.board
    const money = this.money()
    const currency = chosenCurrency(
      this.columns.flatMap(({ sums }) => sums),
      money,
    )
    const columns = this.columns.map((column, index) =>
      column.amount !== null && (this.touched.has(index) || currency !== money.currency)
        ? { ...column, ...worthOf(column.sums, { ...money, currency }) }
        : column,
    )
    return { ...this.board, currency, currencies: this.currencies, columns }
  }

  private money(): Board {
    return { ...this.board, currencies: this.currencies }
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
    // Who may not see what deals are worth is told how many there are.
    if (column.amount === null) column.count += sign
    else column.sums = withDeal(column.sums, this.money(), deal, sign)
  }
}

/** How many deals there are on a board. */
export function boardCount(board: Board | undefined): number | null {
  return board ? board.columns.reduce((all, { count }) => all + count, 0) : null
}

/** A deal as one of the loaded boards shows it. */
export function cardOf(queries: QueryClient, id: number): Deal | undefined {
  for (const [, board] of queries.getQueriesData<BoardData>({ queryKey: ['board'] })) {
    const card = board?.columns.flatMap((column) => column.cards).find((entry) => entry.id === id)
    if (card) return card
  }
  return undefined
}
