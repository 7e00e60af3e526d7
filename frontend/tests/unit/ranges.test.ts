import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it } from 'vitest'
import { computed } from 'vue'
import { useRanges, type ListRange } from '@/layout/useRanges'
import { useLocalListState } from '@/records/listState'
import { useSession } from '@/session/session'

const moments: ListRange = { from: 'occurred_after', to: 'occurred_before', label: 'When', kind: 'moments' }

describe('a range of moments, chosen by its days', () => {
  beforeEach(() => {
    setActivePinia(createPinia())
    useSession().user = { id: 1, permissions: [], time_zone: 'Asia/Shanghai' } as never
  })
  const state = () =>
    useLocalListState(
      '-occurred_at',
      computed(() => ({})),
    )

  it('ends before the day after the last one', () => {
    const list = state()
    const { set, endsOf } = useRanges(list)
    set(moments, { from: '2026-11-30', to: '2026-11-30' })
    expect(list.choice.value.filters).toEqual({
      occurred_after: ['2026-11-30'],
      occurred_before: ['2026-12-01'],
    })
    expect(endsOf(moments)).toEqual({ from: '2026-11-30', to: '2026-11-30' })
    set(moments, { from: null, to: null })
    expect(endsOf(moments)).toEqual({ from: null, to: null })
  })

  it('shows moments, as reports name them, by the days of the reader', () => {
    const list = state()
    list.setFilters({ occurred_after: ['2026-10-31T16:00:00Z'], occurred_before: ['2026-11-30T16:00:00Z'] })
    expect(useRanges(list).endsOf(moments)).toEqual({ from: '2026-11-01', to: '2026-11-30' })
  })

  it('leaves alone what is no moment at all', () => {
    const list = state()
    list.setFilters({ occurred_after: ['soon'], occurred_before: ['later'] })
    expect(useRanges(list).endsOf(moments)).toEqual({ from: 'soon', to: 'later' })
  })

  it('takes dates and numbers as they are, both inclusive', () => {
    const list = state()
    const { set, endsOf } = useRanges(list)
    const dates: ListRange = { from: 'closed_from', to: 'closed_to', label: '', kind: 'date' }
    set(dates, { from: '2026-11-01', to: '2026-11-30' })
    expect(list.choice.value.filters).toEqual({ closed_from: ['2026-11-01'], closed_to: ['2026-11-30'] })
    expect(endsOf(dates)).toEqual({ from: '2026-11-01', to: '2026-11-30' })
  })
})
