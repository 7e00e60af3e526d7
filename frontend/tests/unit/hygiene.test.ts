import { describe, expect, it } from 'vitest'
import type { Deal, Pipeline } from '@/api/types'
import { faults, hygieneList, nextStageOf, wantsOf, type Moment } from '@/deal/hygiene'
import { comparator, fitsChoice } from '@/records/listSpec'

const now = Date.parse('2026-11-18T04:00:00Z')
const before = (days: number): string => new Date(now - days * 86_400_000).toISOString()
const moment: Moment = { today: '2026-11-18', now, usualDays: (id) => (id === 1 ? 14 : null) }
const deal = (some: Partial<Deal>): Deal =>
  ({
    id: 1,
    state: 'open',
    owner_id: 3,
    is_active: true,
    stage_id: 1,
    next_step_on: '2026-11-18',
    expected_close_on: '2026-11-18',
    updated_at: before(1),
    last_contacted_at: null,
    stage_entered_at: before(1),
    amount: '10.00',
    ...some,
  }) as Deal
const wants = (some: Partial<Deal>, isSilent = false) => wantsOf(deal(some), moment, isSilent)

describe('a deal is wanting in', () => {
  it('nothing while a step is planned, it is not due and somebody is at it', () => {
    expect(wants({})).toEqual([])
    expect(wants({ expected_close_on: null })).toEqual([])
    expect(wants({ state: 'won', next_step_on: null, expected_close_on: '2026-01-01' }, true)).toEqual([])
  })

  it('a dated step, and each day that has passed, with how long ago', () => {
    expect(wants({ next_step_on: null })).toEqual([{ kind: 'no_next_step' }])
    expect(wants({ next_step_on: '2026-11-17', expected_close_on: '2026-10-31' })).toEqual([
      { kind: 'late_step', days: 1 },
      { kind: 'late_close', days: 18 },
    ])
  })

  it('a word, as the server says, counted by its own last change or contact', () => {
    expect(wants({ updated_at: before(40), last_contacted_at: before(20) }, true)).toEqual([
      { kind: 'silent', days: 20 },
    ])
    expect(wants({ updated_at: before(40) }, false)).toEqual([])
  })

  it('progress once it is at its stage for longer than expected there', () => {
    expect(wants({ stage_entered_at: before(14) })).toEqual([])
    expect(wants({ stage_entered_at: before(14.1) })).toEqual([{ kind: 'too_long', day: 15, usual: 14 }])
    expect(wants({ stage_entered_at: before(90), stage_id: 2 })).toEqual([])
  })
})

describe('the list of hygiene', () => {
  const spec = hygieneList(() => moment)
  const fits = (some: Partial<Deal>, hygiene: readonly string[] = faults): boolean =>
    fitsChoice(spec, { q: '', sort: spec.defaultSort, filters: { hygiene } })(deal(some), true)

  it('lets a deal go that is in order, and keeps one of which only the server can tell', () => {
    expect(fits({})).toBe(false)
    expect(fits({ next_step_on: null })).toBe(true)
    expect(fits({ next_step_on: null }, ['overdue', 'too_long'])).toBe(false)
    expect(fits({ updated_at: before(15) })).toBe(true)
    expect(fits({ updated_at: before(15) }, ['no_next_step'])).toBe(false)
  })

  it('goes by owner, then by amount', () => {
    const rows = [
      deal({ id: 1, owner_id: 4, amount: '9' }),
      deal({ id: 2, amount: null }),
      deal({ id: 3, amount: '5' }),
      deal({ id: 4, amount: '10' }),
    ]
    expect(rows.sort(comparator(spec, spec.defaultSort)).map(({ id }) => id)).toEqual([4, 3, 2, 1])
  })
})

describe('the next stage', () => {
  const pipeline = {
    stages: [
      { id: 1, kind: 'open' },
      { id: 5, kind: 'won' },
      { id: 2, kind: 'open' },
      { id: 6, kind: 'lost' },
    ],
  } as unknown as Pipeline
  it('is the next open one', () => {
    expect(nextStageOf({ stage_id: 1 }, pipeline)?.id).toBe(2)
    expect(nextStageOf({ stage_id: 2 }, pipeline)).toBe(null)
    expect(nextStageOf({ stage_id: 9 }, pipeline)).toBe(null)
    expect(nextStageOf({ stage_id: 1 }, undefined)).toBe(null)
  })
})
