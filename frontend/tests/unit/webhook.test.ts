import { describe, expect, it } from 'vitest'
import type { Webhook } from '@/api/types'
import { isTaken, stateOf, withAll } from '@/webhook/states'

const well: Webhook = {
  id: 1,
  version: 1,
  url: 'https://example.com/',
  description: null,
  event_types: ['deal.won'],
  is_enabled: true,
  disabled_because: null,
  waiting: 0,
  failed: 0,
  last_done_at: '2026-11-28T12:00:00Z',
  created_at: '2026-11-28T12:00:00Z',
  created_by: 1,
  updated_at: '2026-11-28T12:00:00Z',
  is_active: true,
  can_write: true,
}

describe('how a webhook fares', () => {
  it.each([
    [{}, 'works'],
    [{ last_done_at: null }, 'fresh'],
    [{ waiting: 2 }, 'waiting'],
    [{ waiting: 2, failed: 1 }, 'failed'],
    [{ is_enabled: false, failed: 1 }, 'off'],
    [{ is_enabled: false, disabled_because: 'gone' }, 'gone'],
  ])('%j: %s', (changes, state) => {
    expect(stateOf({ ...well, ...changes })).toBe(state)
  })

  it('takes a success for arrived, and nothing else', () => {
    expect([200, 204, 299].map((status) => isTaken({ status }))).toEqual([true, true, true])
    expect([null, 199, 302, 404, 503].map((status) => isTaken({ status }))).toEqual(Array(5).fill(false))
  })
})

describe('the box of a row', () => {
  it('ticks and clears the types of one kind of record only', () => {
    expect(withAll(['deal.won', 'task.created'], ['deal.won', 'deal.lost'], true)).toEqual([
      'task.created',
      'deal.won',
      'deal.lost',
    ])
    expect(withAll(['deal.won', 'task.created'], ['deal.won', 'deal.lost'], false)).toEqual(['task.created'])
  })
})
