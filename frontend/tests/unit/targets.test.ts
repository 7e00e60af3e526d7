import { describe, expect, it } from 'vitest'
import { computed, effectScope } from 'vue'
import type { Attainment, AttainmentRow } from '@/api/types'
import { decimalText } from '@/deal/decimal'
import { figureOf, sameFigure } from '@/target/figure'
import { placePaste, tableOf } from '@/target/paste'
import { recordsBehind } from '@/target/records'
import { figuresOf, rolledUp, shareOf } from '@/target/rollup'
import { briefSpans, spansOf } from '@/target/spans'
import { useTargetDrafts } from '@/target/useTargetDrafts'

const spans = spansOf(2026)
const at = (key: string): number => spans.findIndex((span) => span.key === key)

describe('a typed figure', () => {
  it.each([
    ['1200', '1200'],
    ['1,234,567.50', '1234567.5'],
    ['1 234 567', '1234567'],
    ["1'234", '1234'],
    ['１２，３４５', '12345'],
    ['¥ 1,200.00', '1200'],
    ['￥300', '300'],
    ['CNY 300', '300'],
    ['300元', '300'],
    ['12万', '120000'],
    ['1.5万', '15000'],
    ['0.00001万', '0.1'],
    ['1.23456万', '12345.6'],
    ['３萬', '30000'],
    ['2 亿', '200000000'],
    ['1.05亿', '105000000'],
    ['5千', '5000'],
    ['.5', '0.5'],
    ['7.', '7'],
    ['007', '7'],
    ['0', '0'],
    ['99999999999999.99', '99999999999999.99'],
  ])('%s is %s', (text, value) => expect(figureOf(text)).toBe(value))

  it.each(['', ' ', '-', '–', '—', '¥'])('%j is none', (text) => expect(figureOf(text)).toBeNull())

  it.each([
    '1,5',
    '1.234,56',
    '1,23,456',
    '12,34',
    '-5',
    '(5)',
    '5%',
    '1e3',
    'abc',
    '万',
    '1.2.3',
    '12 34',
    '5万元整',
  ])('%s cannot be read', (text) => expect(figureOf(text)).toBeUndefined())

  it('is compared as a number', () => {
    expect(sameFigure('10', '10.00')).toBe(true)
    expect(sameFigure('0', null)).toBe(false)
    expect(sameFigure(null, null)).toBe(true)
  })
})

describe('a table from the clipboard', () => {
  it('is taken apart', () => {
    expect(tableOf('1\t2\r\n3\t\r\n')).toEqual([
      ['1', '2'],
      ['3', ''],
    ])
    expect(tableOf('"1\t2"\t"say ""3"""\n"a\nb"\t4')).toEqual([
      ['1\t2', 'say "3"'],
      ['a\nb', '4'],
    ])
    expect(tableOf('12万')).toEqual([['12万']])
    expect(tableOf('1\n\n3')).toEqual([['1'], [''], ['3']])
  })
})

describe('a paste', () => {
  const rows = [
    { key: 'team:1', name: 'North', can_write: true },
    { key: 'user:1', name: 'Alice', can_write: true },
    { key: 'user:2', name: 'Bob', can_write: false },
  ]
  const put = (text: string, row: number, key: string) =>
    placePaste(tableOf(text), rows, spans, { row, column: at(key) })

  it('fills months and passes the quarters by', () => {
    expect(put('1\t2\t3\t4', 1, '2026-02')).toEqual({
      cells: ['2026-02', '2026-03', '2026-04', '2026-05'].map((span, index) => ({
        row: 'user:1',
        span,
        text: String(index + 1),
      })),
      lost: 0,
    })
    const year = put(Array.from({ length: 12 }, (_, month) => month + 1).join('\t'), 0, '2026-01')
    expect(year.cells.map(({ span }) => span)).toEqual(
      spans.filter((s) => s.kind === 'month').map((s) => s.key),
    )
  })

  it('fills all columns where it is as wide as they are', () => {
    const wide = put(spans.map((_, index) => index).join('\t'), 0, '2026-01')
    expect(wide.cells.map(({ span }) => span)).toEqual(spans.map(({ key }) => key))
    expect(put('1\t2\t3\t4\t5\t6\t7', 0, '2026-09').cells.map(({ span }) => span)).toEqual(
      spans.slice(at('2026-09')).map(({ key }) => key),
    )
  })

  it('fills quarters from a quarter', () => {
    expect(put('1\t2', 0, '2026-Q3').cells.map(({ span }) => span)).toEqual(['2026-Q3', '2026-Q4'])
  })

  it('finds rows by their names and leaves the heads out', () => {
    expect(put('姓名\t一月\t二月\nAlice\t1\t2\nCarol\t3\t4\nNorth\t5\t', 2, '2026-01')).toEqual({
      cells: [
        { row: 'user:1', span: '2026-01', text: '1' },
        { row: 'user:1', span: '2026-02', text: '2' },
        { row: 'team:1', span: '2026-01', text: '5' },
        { row: 'team:1', span: '2026-02', text: '' },
      ],
      lost: 2,
    })
  })

  it('says what found no place', () => {
    expect(put('1\n2\n3', 1, '2026').cells).toEqual([{ row: 'user:1', span: '2026', text: '1' }])
    expect(put('1\n2\n3', 1, '2026').lost).toBe(2)
    expect(put('1\t2\t\n', 0, '2026')).toMatchObject({ cells: [{ text: '1' }], lost: 1 })
  })
})

function row(key: string, above: number | null, own: Record<string, string> = {}): AttainmentRow {
  const id = Number(key.split(':')[1])
  return {
    key,
    user_id: key.startsWith('user') ? id : null,
    team_id: key.startsWith('team') ? id : null,
    name: key,
    parent_team_id: above,
    depth: 0,
    mode: null,
    can_write: true,
    cells: spans.map((span) => ({
      key: span.key,
      period: span.kind,
      period_on: span.first,
      target: own[span.key] ?? null,
      is_own: span.key in own,
      set_as: null,
      actual: '0.00',
      attainment: null,
    })),
  }
}

describe('the figures of the grid', () => {
  const none = (): undefined => undefined
  const said = (figures: ReturnType<typeof figuresOf>, key: string, span: string): string | null => {
    const value = figures.get(key)?.get(span)?.value
    return value == null ? null : decimalText(value)
  }

  it('add up from months to quarters and the year, own ones first', () => {
    const own = new Map([
      ['2026-01', 1n],
      ['2026-03', 2n],
      ['2026-Q2', 10n],
      ['2026-04', 99n],
    ])
    const found = rolledUp(own, spans)
    expect([found.get('2026-Q1'), found.get('2026-Q2'), found.get('2026'), found.get('2026-Q3')]).toEqual([
      3n,
      10n,
      13n,
      undefined,
    ])
  })

  it('add up from people to teams, through the tree', () => {
    const rows = [
      row('team:1', null),
      row('user:1', 1, { '2026-01': '10.00' }),
      row('team:2', 1),
      row('user:2', 2, { '2026-Q1': '5.50' }),
      row('team:3', 1, { '2026': '100.00' }),
      row('user:3', 3, { '2026': '7.00' }),
    ]
    const found = figuresOf(rows, spans, none)
    expect(said(found, 'team:2', '2026')).toBe('5.50')
    expect(said(found, 'team:3', '2026')).toBe('100.00')
    expect(said(found, 'team:1', '2026-Q1')).toBe('15.50')
    expect(said(found, 'team:1', '2026')).toBe('115.50')
    expect(said(found, 'team:1', '2026-02')).toBeNull()
    expect(found.get('team:1')?.get('2026')?.isOwn).toBe(false)
  })

  it('follow what is typed', () => {
    const rows = [row('team:1', null), row('user:1', 1, { '2026-01': '10.00', '2026-02': '1.00' })]
    const typed: Record<string, string | null> = { 'user:1/2026-01': '20', 'user:1/2026-02': null }
    const found = figuresOf(rows, spans, (key, span) => typed[`${key}/${span}`])
    expect(said(found, 'team:1', '2026')).toBe('20.00')
    const taken = figuresOf(rows, spans, (key, span) =>
      key === 'team:1' && span === '2026' ? '3' : undefined,
    )
    expect(said(taken, 'team:1', '2026')).toBe('3.00')
    expect(said(taken, 'team:1', '2026-01')).toBeNull()
  })

  it('give a share', () => {
    expect(shareOf('50.00', 20_000_000_000n)).toBe(0.25)
    expect(shareOf('50.00', 0n)).toBeNull()
    expect(shareOf(null, 1n)).toBeNull()
    expect(shareOf('1.00', null)).toBeNull()
  })
})

describe('what is typed', () => {
  it('leaves alone what was set in another currency', () => {
    const alice = row('user:1', null, { '2026-01': '70.00', '2026-02': '5.00' })
    const [first] = alice.cells
    if (first) first.set_as = { value: '10.00', currency: 'USD' }
    const scope = effectScope()
    const drafts = scope.run(() =>
      useTargetDrafts(
        computed(() => 'targets.test'),
        computed(() => ({ rows: [alice] }) as unknown as Attainment),
      ),
    )
    expect(['2026-01', '2026-02'].map((span) => drafts?.canWrite('user:1', span))).toEqual([false, true])
    drafts?.set(['2026-01', '2026-02'].map((span) => ({ row: 'user:1', span, text: '8' })))
    expect(Object.keys(drafts?.drafts.value ?? {})).toEqual(['user:1/2026-02'])
    scope.stop()
  })
})

describe('the columns', () => {
  it('of a phone are the present ones', () => {
    expect(briefSpans(2026, '2026-11-27').map(({ key }) => key)).toEqual(['2026-11', '2026-Q4', '2026'])
    expect(briefSpans(2025, '2026-11-27').map(({ key }) => key)).toEqual([
      '2025-Q1',
      '2025-Q2',
      '2025-Q3',
      '2025-Q4',
      '2025',
    ])
  })
})

describe('the records behind what was reached', () => {
  const rows = [row('team:1', null), row('user:1', 1), row('team:2', 1), row('team:3', null)]
  const meta = {
    year: 2026,
    measure: 'won_amount' as const,
    product_id: null,
    currency: 'CNY',
    currencies: ['CNY'],
    converted: [],
    left_out: [],
    as_of: '2026-11-27T00:00:00Z',
    definition: '',
  }
  const behind = (name: string, span: string, more: object = {}) => {
    const [found, column] = [rows.find(({ key }) => key === name), spans[at(span)]]
    return found && column && recordsBehind({ rows, meta: { ...meta, ...more } }, found, column)
  }

  it('are the deals of the span, of a team with the teams below', () => {
    expect(behind('user:1', '2026-02')).toEqual({
      list: 'deals',
      query: {
        view: 'table',
        owner_id: ['1'],
        state: ['won'],
        closed_from: ['2026-02-01'],
        closed_to: ['2026-02-28'],
        currency: ['CNY'],
      },
    })
    expect(behind('user:1', '2026-02', { converted: ['JPY', 'USD'] })?.query['currency']).toEqual([
      'CNY',
      'JPY',
      'USD',
    ])
    expect(behind('team:1', '2026')?.query).toMatchObject({
      team_id: ['1', '2'],
      closed_from: ['2026-01-01'],
      closed_to: ['2026-12-31'],
    })
    expect(behind('team:3', '2026-Q4', { product_id: 7 })?.query).toMatchObject({
      team_id: ['3'],
      closed_from: ['2026-10-01'],
      closed_to: ['2026-12-31'],
      product_id: ['7'],
    })
  })

  it('are the customers that were entered, and the contact records of their authors', () => {
    expect(behind('user:1', '2026-Q1', { measure: 'new_customers', currency: null })).toEqual({
      list: 'customers',
      query: { owner_id: ['1'], created_after: ['2026-01-01'], created_before: ['2026-04-01'] },
    })
    expect(behind('user:1', '2026', { measure: 'activities' })).toEqual({
      list: 'contacts',
      query: { user_id: ['1'], occurred_after: ['2026-01-01'], occurred_before: ['2027-01-01'] },
    })
  })
})
