import { describe, expect, it } from 'vitest'
import { barWidth, byPipeline, changeOf, figureOf, figures, recordsOf } from '@/report/figures'
import { addDays, endOfWeek, isDay, periodOf, periods, spanOf } from '@/report/period'
import { choiceOf } from '@/report/useReportChoice'

describe('periods', () => {
  it('that are running end today, past ones on their last day', () => {
    expect(spanOf('this_month', '2026-11-22')).toEqual({ from: '2026-11-01', to: '2026-11-22' })
    expect(spanOf('last_month', '2026-01-31')).toEqual({ from: '2025-12-01', to: '2025-12-31' })
    expect(spanOf('last_month', '2028-03-31')).toEqual({ from: '2028-02-01', to: '2028-02-29' })
    expect(spanOf('this_quarter', '2026-11-22')).toEqual({ from: '2026-10-01', to: '2026-11-22' })
    expect(spanOf('last_quarter', '2026-02-10')).toEqual({ from: '2025-10-01', to: '2025-12-31' })
    expect(spanOf('this_year', '2026-11-22')).toEqual({ from: '2026-01-01', to: '2026-11-22' })
    expect(spanOf('last_year', '2026-11-22')).toEqual({ from: '2025-01-01', to: '2025-12-31' })
    expect(spanOf('all', '2026-11-22')).toEqual({ from: null, to: null })
  })

  it('are found again by their days', () => {
    for (const period of periods) expect(periodOf(spanOf(period, '2026-11-22'), '2026-11-22')).toBe(period)
    expect(periodOf({ from: '2026-11-02', to: '2026-11-22' }, '2026-11-22')).toBeNull()
    // On the first of a month several names fit; the first one is taken.
    expect(periodOf(spanOf('this_year', '2026-01-01'), '2026-01-01')).toBe('this_month')
  })

  it('count days over the ends of months and years', () => {
    expect(addDays('2026-12-31', 1)).toBe('2027-01-01')
    expect(addDays('2028-03-01', -1)).toBe('2028-02-29')
    expect(endOfWeek('2026-11-22')).toBe('2026-11-22')
    expect(endOfWeek('2026-11-23')).toBe('2026-11-29')
    expect([isDay('2026-11-22'), isDay('2026-13-01'), isDay('x'), isDay(null)]).toEqual([
      true,
      false,
      false,
      false,
    ])
  })
})

describe('the address of a report', () => {
  it('without a date is this month, and all time only when it says so', () => {
    expect(choiceOf({}, '2026-11-22')).toEqual({
      from: '2026-11-01',
      to: '2026-11-22',
      owner_id: null,
      team_id: null,
      pipeline_id: null,
      currency: null,
      as_of: null,
    })
    expect(choiceOf({ period: 'all' }, '2026-11-22')).toMatchObject({ from: null, to: null })
    expect(choiceOf({ from: '2026-01-05' }, '2026-11-22')).toMatchObject({ from: '2026-01-05', to: null })
  })

  it('ignores what is no day and no id', () => {
    expect(choiceOf({ from: 'soon', owner_id: '1 or 1', team_id: ['7', '8'] }, '2026-11-22')).toEqual({
      from: '2026-11-01',
      to: '2026-11-22',
      owner_id: null,
      team_id: '7',
      pipeline_id: null,
      currency: null,
      as_of: null,
    })
  })
})

describe('figures', () => {
  it('tell a change as a fraction, in points or in days', () => {
    expect(changeOf(figureOf('won_amount'), '150.00', '100.00')).toEqual({
      value: 0.5,
      direction: 'up',
      isGood: true,
    })
    expect(changeOf(figureOf('lost_count'), 3, 2)).toMatchObject({ direction: 'up', isGood: false })
    const rate = changeOf(figureOf('win_rate'), 0.5, 0.6)
    expect(rate).toMatchObject({ direction: 'down', isGood: false })
    expect(rate?.value).toBeCloseTo(-0.1)
    expect(changeOf(figureOf('mean_won_cycle_days'), 20, 32)).toEqual({
      value: -12,
      direction: 'down',
      isGood: true,
    })
  })

  it('compare with nothing only when there is nothing to tell', () => {
    expect(changeOf(figureOf('won_count'), 5, 0)).toBeNull()
    expect(changeOf(figureOf('won_count'), 0, 0)).toEqual({ value: 0, direction: 'same', isGood: null })
    expect(changeOf(figureOf('open_count'), 5, null)).toBeNull()
    expect(changeOf(figureOf('win_rate'), null, 0.5)).toBeNull()
    expect(changeOf(figureOf('win_rate'), 0.50001, 0.5)?.direction).toBe('same')
  })

  it('stand once each', () => {
    expect(new Set(figures.map(({ key }) => key)).size).toBe(figures.length)
  })

  it('lead to their records as the server names them', () => {
    const where = '{"field":"opened","op":"not_null"}'
    const filters = new URLSearchParams([
      ['state', 'won'],
      ['state', 'lost'],
      ['where', where],
    ]).toString()
    expect(recordsOf('deals', filters)).toEqual({
      list: 'deals',
      query: { view: 'table', state: ['won', 'lost'], where: [where] },
    })
    expect(recordsOf('customers', 'created_after=2026-11-01T00%3A00%3A00Z')).toEqual({
      list: 'customers',
      query: { created_after: ['2026-11-01T00:00:00Z'] },
    })
    expect(recordsOf(null, 'a=b')).toBeNull()
    expect(recordsOf('deals', undefined)).toBeNull()
  })
})

describe('bars', () => {
  it('never vanish, and never pass the end', () => {
    expect(barWidth('0.00', '100')).toBe(0)
    expect(barWidth('0.01', '1000000')).toBe(1)
    expect(barWidth('50', '100')).toBe(50)
    expect(barWidth('200', '100')).toBe(100)
    expect(barWidth('5', 0)).toBe(0)
  })

  it('stand by pipeline; one without deals is left out beside one with some', () => {
    const row = (pipeline_id: number, count: number) => ({
      pipeline_id,
      pipeline_name: `p${pipeline_id}`,
      count,
    })
    expect(
      byPipeline([row(1, 0), row(1, 2), row(2, 0)]).map(({ name, rows }) => [name, rows.length]),
    ).toEqual([['p1', 2]])
    expect(byPipeline([row(1, 0), row(2, 0)]).map(({ id }) => id)).toEqual([1, 2])
  })
})
