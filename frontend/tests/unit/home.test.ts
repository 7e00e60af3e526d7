import { describe, expect, it } from 'vitest'
import type { Deal } from '@/api/types'
import { dealList } from '@/deal/dealList'
import { concernList, concerns, type Concern } from '@/home/attention'
import { stepsOf } from '@/home/useOnboarding'
import { fitsChoice } from '@/records/listSpec'
import { recentIds, rememberRecent } from '@/records/recents'

const today = '2026-11-18' // a Wednesday
const deal = (some: Partial<Deal>): Deal =>
  ({
    id: 1,
    state: 'open',
    owner_id: 3,
    is_active: true,
    next_step_on: null,
    expected_close_on: null,
    ...some,
  }) as Deal
const concerned = (some: Partial<Deal>, owner: string | null = null): Concern[] =>
  concerns.filter((concern) => {
    const { filters, sort } = concernList(concern, today, owner)
    return fitsChoice(dealList, { q: '', sort, filters })(deal(some), false)
  })

describe('a deal needs attention', () => {
  it('without a next step, after its date, in its last week, and when it is overdue', () => {
    expect(concerned({})).toEqual(['noNextStep'])
    expect(concerned({ next_step_on: '2026-11-17' })).toEqual(['lateStep'])
    expect(concerned({ next_step_on: today })).toEqual([])
    expect(concerned({ next_step_on: today, expected_close_on: '2026-11-22' })).toEqual(['closingSoon'])
    expect(concerned({ next_step_on: today, expected_close_on: '2026-11-23' })).toEqual([])
    expect(concerned({ next_step_on: today, expected_close_on: '2026-11-17' })).toEqual(['overdue'])
  })

  it('while it is open, and is the own one where only these are wanted', () => {
    expect(concerned({ state: 'won' })).toEqual([])
    expect(concerned({ owner_id: 4 }, '3')).toEqual([])
    expect(concerned({ owner_id: 3 }, '3')).toEqual(['noNextStep'])
  })

  it('by filters that the list of deals knows', () => {
    for (const concern of concerns) {
      const { filters, sort } = concernList(concern, today, '3')
      for (const key of Object.keys(filters)) expect(Object.keys(dealList.filters)).toContain(key)
      expect(Object.keys(dealList.sorts)).toContain(sort.replace('-', ''))
    }
  })
})

describe('the first steps', () => {
  const all = { customers: 0, deals: 0, users: 1 }

  it('tick themselves off', () => {
    expect(stepsOf(all, () => true).map(({ isDone }) => isDone)).toEqual([false, false, false])
    expect(stepsOf({ customers: 1, deals: 0, users: 2 }, () => true)).toEqual([
      { name: 'customer', isDone: true },
      { name: 'deal', isDone: false },
      { name: 'colleague', isDone: true },
    ])
  })

  it('are those that a person may take', () => {
    expect(stepsOf(all, (right) => right !== 'user:write').map(({ name }) => name)).toEqual([
      'customer',
      'deal',
    ])
    expect(stepsOf(all, () => false)).toEqual([])
  })
})

describe('what was looked at', () => {
  it('stands once, the last on top, per person, and not without end', () => {
    for (let id = 1; id <= 20; id += 1) rememberRecent('customers', 1, id)
    rememberRecent('customers', 1, 15)
    rememberRecent('customers', 2, 99)
    expect(recentIds('customers', 1).slice(0, 3)).toEqual([15, 20, 19])
    expect(recentIds('customers', 1)).toHaveLength(12)
    expect(recentIds('customers', 2)).toEqual([99])
    expect(recentIds('deals', 1)).toEqual([])
  })

  it('survives nonsense in the storage', () => {
    localStorage.setItem('lianxi.recent.customers.1', '["x", 3, null]')
    expect(recentIds('customers', 1)).toEqual([3])
    rememberRecent('customers', 1, Number.NaN)
    expect(recentIds('customers', 1)).toEqual([3])
  })
})
