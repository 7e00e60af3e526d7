import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { render } from '@testing-library/vue'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { computed, defineComponent, h } from 'vue'
import { rest } from '@/api/rest'
import type { LiveEvent } from '@/realtime/events'
import { provideLive, type Live } from '@/records/context'
import { LiveCache } from '@/records/live'
import { useReport } from '@/report/useReport'

const changed = (version: number, resource = 'deal'): LiveEvent => ({
  cursor: 'c',
  type: 'deal_won',
  resource,
  id: 1,
  version,
  changed: ['state'],
  record: { id: 1, version },
  changeset_id: version,
  actor: null,
  at: '2026-01-01T00:00:00Z',
})

let queries: QueryClient
let cache: LiveCache
let answers: number
beforeEach(() => {
  vi.useFakeTimers()
  answers = 0
  vi.spyOn(rest, 'get').mockImplementation(() => Promise.resolve({ won_count: (answers += 1) }) as never)
  queries = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  cache = new LiveCache(queries)
})
afterEach(() => {
  queries.clear()
  vi.useRealTimers()
})

async function show(onChange: 'follow' | 'tell') {
  let report!: ReturnType<typeof useReport<{ won_count: number }>>
  const page = defineComponent(() => {
    report = useReport(
      'summary',
      computed(() => ({ from: '2026-11-01' })),
      { resources: ['deals'], onChange },
    )
    return () => h('div')
  })
  render(page, {
    global: {
      plugins: [
        [VueQueryPlugin, { queryClient: queries }],
        {
          install: (app) =>
            provideLive(app, { connection: { ready: () => Promise.resolve() }, cache } as unknown as Live),
        },
      ],
    },
  })
  await vi.advanceTimersByTimeAsync(1)
  return report
}

describe('a report', () => {
  it('that follows is loaded again soon, and seldom while much happens', async () => {
    const report = await show('follow')
    await vi.advanceTimersByTimeAsync(10_000)
    expect(report.data.value?.won_count).toBe(1)
    cache.deliver([changed(2)])
    await vi.advanceTimersByTimeAsync(350)
    expect(report.data.value?.won_count).toBe(2)
    for (let round = 0; round < 20; round += 1) {
      cache.deliver([changed(3 + round)])
      await vi.advanceTimersByTimeAsync(100)
    }
    expect(answers).toBe(2)
    await vi.advanceTimersByTimeAsync(1500)
    expect(answers).toBe(3)
  })

  it('that is being read does not move: it says that it is old', async () => {
    const report = await show('tell')
    cache.deliver([changed(2, 'tag')])
    expect(report.isOld.value).toBe(false)
    cache.deliver([changed(3)])
    await vi.advanceTimersByTimeAsync(20_000)
    expect(report.isOld.value).toBe(true)
    expect(answers).toBe(1)
    report.retry()
    await vi.advanceTimersByTimeAsync(1)
    expect([report.isOld.value, report.data.value?.won_count]).toEqual([false, 2])
  })
})
