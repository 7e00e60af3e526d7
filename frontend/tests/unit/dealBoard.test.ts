import { describe, expect, it } from 'vitest'
import type { Board, BoardColumn, Deal, Stage } from '@/api/types'
import { boardCount, boardData, type BoardData } from '@/deal/board'
import { applyToBoard, mergeMore, mergeTotals, type BoardScope } from '@/deal/boardLive'
import { dealAt, dealIn, focusFrom, isSamePlace, placeOf, stepFrom, withPending } from '@/deal/boardMoves'
import type { AppliedEvent } from '@/records/live'
import scenario from '../../../tests/deal/board_moves.json'

const probability: Record<number, number> = { 1: 0.1, 2: 0.5, 3: 1 }

function deal(id: number, stageId: number, rank: string, more: Partial<Deal> = {}): Deal {
  return {
    id,
    version: 1,
    name: `Deal ${id}`,
    pipeline_id: 9,
    stage_id: stageId,
    stage: { id: stageId, name: `Stage ${stageId}`, kind: stageId === 3 ? 'won' : 'open' },
    state: stageId === 3 ? 'won' : 'open',
    amount: '100.00',
    currency: 'EUR',
    win_probability: probability[stageId] ?? 0,
    win_probability_is_manual: false,
    customer_id: 5,
    customer: { id: 5, name: 'Acme' },
    closed_on: stageId === 3 ? '2026-11-20' : null,
    is_active: true,
    rank,
    can_write: true,
    ...more,
  } as Deal
}

function column(stageId: number, cards: Deal[], more: Partial<BoardColumn> = {}): BoardColumn {
  const amount = cards.reduce((sum, card) => sum + Number(card.amount), 0)
  const made: Omit<BoardColumn, 'sums'> = {
    key: String(stageId),
    stage_id: stageId,
    owner_id: null,
    owner: null,
    month: null,
    name: `Stage ${stageId}`,
    kind: stageId === 3 ? 'won' : 'open',
    colour: null,
    count: cards.length,
    amount: amount.toFixed(2),
    weighted_amount: (amount * (probability[stageId] ?? 0)).toFixed(2),
    other_amounts: [],
    cards,
    next_cursor: null,
    ...more,
  }
  const { count, weighted_amount } = made
  const sum = {
    currency: 'EUR',
    rate: null,
    count,
    amount: made.amount ?? '0',
    weighted_amount: weighted_amount ?? '0',
  }
  return { sums: count ? [sum] : [], ...made }
}

const start = (): Board => ({
  pipeline_id: 9,
  group_by: 'stage',
  currency: 'EUR',
  base_currency: 'EUR',
  rates_on: '2026-11-22',
  currencies: [
    { code: 'EUR', decimal_places: 2, rates: [] },
    { code: 'GBP', decimal_places: 2, rates: [] },
    {
      code: 'USD',
      decimal_places: 2,
      rates: [
        { valid_on: '2026-11-01', rate: '0.9' },
        { valid_on: '2026-11-20', rate: '0.8765' },
      ],
    },
  ],
  columns: [
    column(1, [deal(11, 1, 'a'), deal(12, 1, 'c'), deal(13, 1, 'e')]),
    column(2, [deal(21, 2, 'b')]),
    column(3, []),
  ],
})

const scope: BoardScope = { pipelineId: 9, fits: () => true, closedFrom: () => '2026-10-23' }

function told(record: Deal | null, more: Partial<AppliedEvent> = {}): AppliedEvent {
  return {
    cursor: 'c',
    type: record ? 'deal_moved' : 'deal_removed',
    resource: 'deals',
    id: record?.id ?? 0,
    version: record?.version ?? null,
    changed: ['stage_id', 'rank'],
    record: record as unknown as Record<string, unknown> | null,
    changeset_id: 1,
    actor: { id: 2, name: 'Bob' },
    at: '2026-11-22T08:00:00Z',
    isOwn: false,
    isEcho: false,
    ...more,
  }
}
const ids = (board: Board, stageId: number): number[] =>
  board.columns.find((entry) => entry.stage_id === stageId)?.cards.map((card) => card.id) ?? []
const totals = (board: Board): unknown[] =>
  board.columns.map((entry) => [entry.count, entry.amount, entry.weighted_amount])
const apply = (board: BoardData, ...events: AppliedEvent[]): BoardData => {
  const next = applyToBoard(board, events, scope)
  if (!next) throw new Error('asked for a reload')
  return next
}

describe('events on a board', () => {
  it('move a card to its place by rank, and its money with it', () => {
    const board = boardData(start())
    const next = apply(board, told(deal(12, 2, 'a', { version: 2 })))
    expect(ids(next, 1)).toEqual([11, 13])
    expect(ids(next, 2)).toEqual([12, 21])
    expect(totals(next)).toEqual([
      [2, '200.00', '20.00'],
      [2, '200.00', '100.00'],
      [0, '0.00', '0.00'],
    ])
    expect(boardCount(next)).toBe(4)
  })

  it('leave columns that they do not concern as they are, so that these are not drawn anew', () => {
    const board = boardData(start())
    const next = apply(board, told(deal(12, 1, 'f', { version: 2 })))
    expect(ids(next, 1)).toEqual([11, 13, 12])
    expect(next.columns[1]).toBe(board.columns[1])
    expect(next.columns[2]).toBe(board.columns[2])
  })

  it('that are known already change nothing at all', () => {
    const board = boardData(start())
    expect(apply(board, told(deal(12, 2, 'a', { version: 1 })))).toBe(board)
    const once = apply(board, told(deal(12, 2, 'a', { version: 2 })))
    expect(apply(once, told(deal(12, 2, 'a', { version: 2 })))).toBe(once)
  })

  it('change amounts exactly, whatever the sums', () => {
    let board = boardData(start())
    for (let version = 2; version < 200; version += 1) {
      board = apply(
        board,
        told(deal(21, 2, 'b', { version, amount: version % 2 ? '0.10' : '0.30' }), { changed: ['amount'] }),
      )
    }
    expect(totals(board)[1]).toEqual([1, '0.10', '0.05'])
  })

  it('keep what is personal: a push to everybody does not say who may write', () => {
    const pushed = { ...deal(12, 1, 'c', { version: 2, name: 'Renamed' }) } as Partial<Deal>
    delete pushed.can_write
    const next = apply(boardData(start()), told(pushed as Deal, { changed: ['name'] }))
    expect(next.columns[0]?.cards[1]).toMatchObject({ name: 'Renamed', can_write: true })
  })

  it('take cards away that were deleted, lost from sight, filtered out or sent to another pipeline', () => {
    const board = boardData(start())
    expect(ids(apply(board, told(null, { id: 11 })), 1)).toEqual([12, 13])
    expect(ids(apply(board, told(deal(11, 1, 'a', { version: 2, is_active: false }))), 1)).toEqual([12, 13])
    expect(ids(apply(board, told(deal(11, 77, 'a', { version: 2, pipeline_id: 8 }))), 1)).toEqual([12, 13])
    const owned = { ...scope, fits: (card: Deal) => card.owner_id === 1 }
    const next = applyToBoard(board, [told(deal(11, 1, 'a', { version: 2, owner_id: 2 }))], owned)
    expect(next && ids(next, 1)).toEqual([12, 13])
    expect(next && totals(next)[0]).toEqual([2, '200.00', '20.00'])
  })

  it('bring new cards to columns that are loaded whole, counted at once', () => {
    const next = apply(boardData(start()), told(deal(30, 2, 'z'), { type: 'deal_created', changed: [] }))
    expect(ids(next, 2)).toEqual([21, 30])
    expect(totals(next)[1]).toEqual([2, '200.00', '100.00'])
    expect(next.stale).toEqual([])
  })

  it('show a deal that was won lately, not one that was won long ago', () => {
    const board = boardData(start())
    expect(ids(apply(board, told(deal(12, 3, 'a', { version: 2 }))), 3)).toEqual([12])
    const old = deal(12, 3, 'a', { version: 2, closed_on: '2026-09-01' })
    const next = apply(board, told(old))
    expect(ids(next, 3)).toEqual([])
    expect(boardCount(next)).toBe(3)
  })

  it('convert other currencies at the rate of the day, and never add what has none', () => {
    const next = apply(
      boardData(start()),
      told(deal(30, 2, 'z', { currency: 'USD', amount: '70.01' })),
      told(deal(31, 2, 'z', { currency: 'GBP', amount: '9.99' })),
      told(deal(32, 3, 'z', { currency: 'USD', amount: '1.00', closed_on: '2026-11-19' })),
    )
    // 100 + 70.01 x 0.8765, half of it weighted; what was won on the 19th at the rate of that day.
    expect(next.columns[1]).toMatchObject({
      count: 3,
      amount: '161.36',
      weighted_amount: '80.68',
      other_amounts: [{ currency: 'GBP', count: 1, amount: '9.99', weighted_amount: '5.00' }],
    })
    expect(next.columns[2]).toMatchObject({ count: 1, amount: '0.90' })
    const back = apply(next, told(deal(31, 2, 'z', { version: 2, is_active: false })))
    expect(back.columns[1]).toMatchObject({ count: 2, amount: '161.36', other_amounts: [] })
  })

  it('ask for the board anew where a rate is not known here, or has changed', () => {
    const board = boardData(start())
    const yen = deal(11, 1, 'a', { version: 2, currency: 'JPY' })
    expect(applyToBoard(board, [told(yen, { changed: ['currency'] })], scope)).toBeNull()
    expect(applyToBoard(board, [told(deal(30, 2, 'z', { currency: 'JPY' }))], scope)).toBeNull()
    const rate = told(null, { type: 'exchange_rate_updated', resource: 'exchange-rates', id: 1 })
    expect(applyToBoard(board, [{ ...rate, record: { currency: 'USD' } }], scope)).toBeNull()
    expect(applyToBoard(board, [rate], scope)).toBeNull()
    expect(applyToBoard(board, [{ ...rate, record: { currency: 'JPY' } }], scope)).toBe(board)
  })

  it('speak in the commonest currency while nothing stands in the base one', () => {
    const pounds = (id: number, more: Partial<Deal> = {}): Deal =>
      deal(id, 2, 'z', { currency: 'GBP', amount: '5.00', ...more })
    const none = { ...start(), columns: [1, 2, 3].map((stage) => column(stage, [])) }
    const next = apply(boardData({ ...none, currency: 'GBP' }), told(pounds(30)))
    expect([next.currency, next.columns[1]?.amount]).toEqual(['GBP', '5.00'])
    const both = apply(next, told(deal(31, 1, 'a', { currency: 'USD', amount: '2.00' })))
    expect([both.currency, both.columns[0]?.amount, both.columns[1]?.amount]).toEqual(['EUR', '1.75', '0.00'])
    expect(both.columns[1]?.other_amounts).toMatchObject([{ currency: 'GBP', amount: '5.00' }])
    const alone = apply(both, told(null, { id: 31 }))
    expect([alone.currency, alone.columns[1]?.amount]).toEqual(['GBP', '5.00'])
  })

  it('rename the customer on its cards, and ask anew when it changes hands', () => {
    const renamed = told(null, {
      type: 'customer_updated',
      resource: 'customers',
      id: 5,
      changed: ['name'],
      record: { id: 5, name: 'Acme Ltd' },
    })
    const board = boardData(start())
    expect(apply(board, renamed).columns[0]?.cards[0]?.customer).toEqual({ id: 5, name: 'Acme Ltd' })
    expect(applyToBoard(board, [{ ...renamed, changed: ['owner_id'] }], scope)).toBeNull()
    expect(applyToBoard(board, [{ ...renamed, id: 6, changed: ['owner_id'] }], scope)).toBe(board)
  })

  it('of a rebuilt pipeline ask for the board anew', () => {
    const event = told(null, { type: 'pipeline_updated', resource: 'pipelines', id: 9, record: { id: 9 } })
    expect(applyToBoard(boardData(start()), [event], scope)).toBeNull()
    const board = boardData(start())
    expect(applyToBoard(board, [{ ...event, id: 8 }], scope)).toBe(board)
  })
})

describe('a column that is loaded in part', () => {
  const partly = (): BoardData => {
    const board = start()
    board.columns[0] = column(1, board.columns[0]?.cards ?? [], {
      count: 80,
      amount: '8000.00',
      weighted_amount: '800.00',
      next_cursor: 'next',
    })
    return boardData(board)
  }

  it('follows the cards in sight by itself', () => {
    const next = apply(partly(), told(deal(12, 2, 'a', { version: 2 })))
    expect(totals(next)[0]).toEqual([79, '7900.00', '790.00'])
    expect(next.stale).toEqual([])
  })

  it('leaves a card that goes behind the loaded ones to the next page', () => {
    const next = apply(partly(), told(deal(12, 1, 'x', { version: 2 })))
    expect(ids(next, 1)).toEqual([11, 13])
    expect(totals(next)[0]).toEqual([80, '8000.00', '800.00'])
  })

  it('has its totals asked for when a deal moves that nobody sees, once per change', () => {
    const event = told(deal(60, 2, 'z', { version: 4 }))
    const next = apply(partly(), event)
    expect(next.stale).toEqual(['1'])
    expect(ids(next, 2)).toEqual([21, 60])
    const asked = mergeTotals(next, { ...start(), columns: [column(1, [], { count: 79 })] }, ['1'], true)
    expect(asked.stale).toEqual([])
    expect(asked.columns[0]?.count).toBe(79)
    const lost = told(deal(61, 1, 'y', { version: 4 }))
    const judged = apply(asked, lost)
    expect(judged.stale).toEqual(['1'])
    expect(apply({ ...judged, stale: [] }, lost).stale).toEqual([])
  })

  it('does not ask for what moves no total', () => {
    expect(apply(partly(), told(deal(60, 1, 'z'), { changed: ['next_step'] })).stale).toEqual([])
  })

  it('stays stale when something moved while the answer was on its way', () => {
    const stale = { ...partly(), stale: ['1'] }
    expect(mergeTotals(stale, start(), ['1'], false).stale).toEqual(['1'])
  })

  it('grows by its next page; what moved meanwhile keeps its newer place', () => {
    const answer: Board = {
      ...start(),
      columns: [
        column(1, [deal(13, 1, 'e'), deal(14, 1, 'g'), deal(15, 1, 'i')], { count: 5, amount: '500.00' }),
      ],
    }
    const heard = [told(deal(14, 2, 'c', { version: 2 }))]
    const moved = apply(partly(), ...heard)
    const next = mergeMore(moved, answer, heard, scope)
    expect(ids(next, 1)).toEqual([11, 12, 13, 15])
    expect(ids(next, 2)).toEqual([21, 14])
    expect(next.columns[0]?.next_cursor).toBeNull()
    expect(next.stale).toContain('1')
  })

  it('takes over sums, and the rates of currencies that it did not know', () => {
    const answer: Board = {
      ...start(),
      currencies: [{ code: 'JPY', decimal_places: 0, rates: [{ valid_on: '2026-01-01', rate: '0.006' }] }],
      columns: [
        column(1, [], {
          count: 7,
          sums: [
            { currency: 'EUR', rate: null, count: 2, amount: '40.00', weighted_amount: '4.00' },
            { currency: 'JPY', rate: '0.006', count: 5, amount: '9001.00', weighted_amount: '900.10' },
          ],
        }),
      ],
    }
    const next = mergeTotals({ ...partly(), stale: ['1'] }, answer, ['1'], true)
    expect(next.columns[0]).toMatchObject({ count: 7, amount: '94.01', weighted_amount: '9.40' })
    const moved = apply(next, told(deal(60, 2, 'z', { currency: 'JPY', amount: '9001' })))
    expect(moved.columns[1]).toMatchObject({ count: 2, amount: '154.01' })
  })
})

describe('moves that wait for the server', () => {
  const offer = { id: 2, name: 'Offer', kind: 'open', win_probability: 0.5 } as Stage
  const won = { id: 3, name: 'Won', kind: 'won', win_probability: 1 } as Stage
  const toOffer = (of: Deal): Deal => dealAt(of, offer)

  it('stand at their place at once, with the money', () => {
    const board = start()
    const moved = board.columns[0]?.cards[0] as Deal
    const shown = withPending(board, [{ deal: moved, change: toOffer, afterId: 21 }])
    expect(ids(shown, 1)).toEqual([12, 13])
    expect(ids(shown, 2)).toEqual([21, 11])
    expect(totals(shown)).toEqual([
      [2, '200.00', '20.00'],
      [2, '200.00', '100.00'],
      [0, '0.00', '0.00'],
    ])
    expect(withPending(board, [])).toBe(board)
  })

  it('go to the top when the neighbour has left', () => {
    const board = start()
    const moved = board.columns[0]?.cards[0] as Deal
    expect(ids(withPending(board, [{ deal: moved, change: toOffer, afterId: 999 }]), 2)).toEqual([11, 21])
  })

  it('look as the stage will make them, but for a probability set by hand', () => {
    const open = deal(11, 1, 'a')
    expect(dealAt(open, won)).toMatchObject({ state: 'won', stage_id: 3, win_probability: 1 })
    const manual = { ...open, win_probability: 0.9, win_probability_is_manual: true }
    expect(dealAt(manual, offer).win_probability).toBe(0.9)
    expect(dealAt(manual, won).win_probability).toBe(1)
    expect(dealAt(open, null)).toBe(open)
  })

  it('hold a card in the hand where it is, even when it has gone for everybody else', () => {
    const held = {
      deal: deal(12, 1, 'c'),
      change: (of: Deal) => of,
      afterId: 11,
      held: { key: '1', index: 1 },
    }
    const elsewhere = apply(boardData(start()), told(deal(12, 2, 'a', { version: 2 })))
    const shown = withPending(elsewhere, [held])
    expect(ids(shown, 1)).toEqual([11, 12, 13])
    expect(ids(shown, 2)).toEqual([21])
    const gone = apply(boardData(start()), told(null, { id: 12 }))
    const still = withPending(gone, [held])
    expect(ids(still, 1)).toEqual([11, 12, 13])
    expect(still.columns[0]?.count).toBe(2)
  })
})

describe('moves of mixed currencies', () => {
  interface Made {
    id: number
    version: number
    stage_id: number
    state: Deal['state']
    amount: string
    currency: string
    win_probability: number
    win_probability_is_manual: boolean
    closed_days_ago: number | null
  }
  const day = (ago: number): string =>
    new Date(Date.UTC(2026, 10, 22) - ago * 86_400_000).toISOString().slice(0, 10)
  const record = ({ closed_days_ago, ...made }: Made): Deal =>
    deal(made.id, made.stage_id, String(made.id).padStart(3, '0'), {
      ...made,
      closed_on: closed_days_ago === null ? null : day(closed_days_ago),
    })
  const toTotals = (board: Board): unknown[] =>
    board.columns.map((entry) => [
      entry.count,
      entry.amount,
      entry.weighted_amount,
      entry.other_amounts.map(({ currency, count, amount, weighted_amount }) => ({
        currency,
        count,
        amount,
        weighted_amount,
      })),
    ])

  const empty = (): Board => ({
    ...start(),
    currency: 'CNY',
    base_currency: 'CNY',
    currencies: Object.entries({ CNY: 2, USD: 2, EUR: 2, JPY: 0, KWD: 3, GBP: 2 }).map(
      ([code, decimal_places]) => ({
        code,
        decimal_places,
        rates: scenario.rates
          .filter(({ currency }) => currency === code)
          .sort((a, b) => b.days_ago - a.days_ago)
          .map(({ days_ago, rate }) => ({ valid_on: day(days_ago), rate })),
      }),
    ),
    columns: scenario.stages.map(({ id, kind }) => ({
      ...column(id, []),
      kind: kind as 'open' | 'won' | 'lost',
    })),
  })

  /** What went behind the loaded cards comes with the next page. */
  const brought = (board: BoardData, card: Deal): BoardData => ({
    ...board,
    columns: board.columns.map((entry) =>
      entry.stage_id === card.stage_id ? { ...entry, cards: [...entry.cards, card] } : entry,
    ),
  })

  it.each([
    ['a board that is loaded whole', false],
    ['a board of which few cards are loaded', true],
  ])('come to the totals of the server to the last cent, on %s', (_, isPartial) => {
    let board = boardData(empty())
    const made = scenario.made as Made[]
    board = apply(board, ...made.map((one) => told(record(one), { type: 'deal_created', changed: [] })))
    expect(toTotals(board)).toEqual(scenario.start)
    if (isPartial) {
      board = { ...board, columns: board.columns.map((entry) => ({ ...entry, next_cursor: 'next' })) }
    }
    let optimistic = 0
    for (const step of scenario.steps) {
      const after = record(step.record as Made)
      const card = board.columns.flatMap(({ cards }) => cards).find(({ id }) => id === after.id) as Deal
      const to = scenario.stages.find(({ id }) => id === after.stage_id) as Stage
      // At once, before the server has said anything; a card that was closed earlier says when only then.
      if ('move' in step) {
        const shown = withPending(board, [{ deal: card, change: (of) => dealAt(of, to), afterId: null }])
        expect(toTotals(shown)).toEqual(step.totals)
        optimistic += 1
      }
      board = apply(board, told(after, { changed: [] }))
      expect(toTotals(board)).toEqual(step.totals)
      if (!board.columns.some(({ cards }) => cards.some(({ id }) => id === after.id)))
        board = brought(board, after)
    }
    expect(optimistic).toBeGreaterThan(20)
  })
})

describe('the keyboard', () => {
  it('moves a card one place up or down, and to the top of the next column', () => {
    const board = start()
    expect(stepFrom(board, 11, 'ArrowUp')).toBeNull()
    expect(stepFrom(board, 12, 'ArrowUp')).toEqual({ key: '1', afterId: null })
    expect(stepFrom(board, 13, 'ArrowUp')).toEqual({ key: '1', afterId: 11 })
    expect(stepFrom(board, 11, 'ArrowDown')).toEqual({ key: '1', afterId: 12 })
    expect(stepFrom(board, 13, 'ArrowDown')).toBeNull()
    expect(stepFrom(board, 12, 'ArrowRight')).toEqual({ key: '2', afterId: null })
    expect(stepFrom(board, 12, 'ArrowLeft')).toBeNull()
  })

  it('walks from card to card and passes over empty columns', () => {
    const board = start()
    expect(focusFrom(board, 11, 'ArrowDown')).toBe(12)
    expect(focusFrom(board, 11, 'ArrowUp')).toBeNull()
    expect(focusFrom(board, 13, 'ArrowRight')).toBe(21)
    expect(focusFrom(board, 21, 'ArrowRight')).toBeNull()
    expect(focusFrom(board, 21, 'ArrowLeft')).toBe(11)
    expect(focusFrom(board, 12, 'Home')).toBe(11)
    expect(focusFrom(board, 12, 'End')).toBe(13)
  })

  it('knows a drop that changes nothing', () => {
    const board = start()
    expect(placeOf(board, 12)).toEqual({ key: '1', afterId: 11 })
    expect(isSamePlace(board, 12, { key: '1', afterId: 11 })).toBe(true)
    expect(isSamePlace(board, 12, { key: '1', afterId: 13 })).toBe(false)
    expect(isSamePlace(board, 12, { key: '2', afterId: null })).toBe(false)
  })
})

describe('a board by owner or month', () => {
  const byMonth = (): Board => ({
    ...start(),
    group_by: 'month',
    columns: ['2026-11', '2026-12', 'none'].map((key, index) => ({
      ...column(1, []),
      key,
      stage_id: null,
      month: key === 'none' ? null : key,
      ...(index === 0
        ? { cards: [deal(11, 1, 'a', { expected_close_on: '2026-11-05' })], count: 1, amount: '100.00' }
        : {}),
    })),
  })
  const keys = (board: Board): Record<string, number[]> =>
    Object.fromEntries(board.columns.map((entry) => [entry.key, entry.cards.map((card) => card.id)]))

  it('keeps cards in the order of their dates', () => {
    const events = [
      told(deal(12, 2, 'b', { expected_close_on: '2026-11-03' })),
      told(deal(13, 2, 'c', { expected_close_on: '2026-11-09' })),
      told(deal(14, 2, 'd', { expected_close_on: null })),
    ]
    const next = applyToBoard(boardData(byMonth()), events, scope)
    expect(next && keys(next)).toEqual({ '2026-11': [12, 11, 13], '2026-12': [], none: [14] })
  })

  it('lets closed deals go, and asks anew for a month without a column', () => {
    const board = boardData(byMonth())
    const won = told(deal(11, 3, 'a', { version: 2, expected_close_on: '2026-11-05' }))
    const next = applyToBoard(board, [won], scope)
    expect(next && keys(next)['2026-11']).toEqual([])
    const far = told(deal(11, 1, 'a', { version: 2, expected_close_on: '2031-01-01' }))
    expect(applyToBoard(board, [far], scope)).toBeNull()
  })

  it('moves a card to its day of the other month at once', () => {
    const board = byMonth()
    const card = board.columns[0]?.cards[0] as Deal
    const shown = withPending(board, [{ deal: card, change: (of) => dealIn(of, '2026-12'), afterId: null }])
    expect(keys(shown)).toEqual({ '2026-11': [], '2026-12': [11], none: [] })
    expect(shown.columns[1]?.cards[0]?.expected_close_on).toBe('2026-12-05')
    expect(dealIn({ ...card, expected_close_on: '2026-01-31' }, '2028-02').expected_close_on).toBe(
      '2028-02-29',
    )
    expect(dealIn({ ...card, expected_close_on: null }, '2026-04').expected_close_on).toBe('2026-04-30')
  })

  it('has no order by hand', () => {
    const board = byMonth()
    expect(stepFrom(board, 11, 'ArrowDown')).toBeNull()
    expect(stepFrom(board, 11, 'ArrowRight')).toEqual({ key: '2026-12', afterId: null })
    expect(isSamePlace(board, 11, { key: '2026-11', afterId: 99 })).toBe(true)
  })
})
