import { VueQueryPlugin } from '@tanstack/vue-query'
import { render } from '@testing-library/vue'
import { http, HttpResponse } from 'msw'
import { setupServer } from 'msw/node'
import { createPinia } from 'pinia'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { defineComponent, h } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'
import { authorise } from '@/api/client'
import type { View } from '@/api/types'
import { columnLink } from '@/records/listState'
import { createQueryClient } from '@/records/queryClient'
import { useSession } from '@/session/session'
import { useColumns } from '@/ui/table/columns'
import { useViewedState } from '@/views/useViewedState'

const server = setupServer()
beforeAll(() => server.listen({ onUnhandledRequest: 'error' }))
beforeEach(() => localStorage.clear())
afterEach(() => server.resetHandlers())
afterAll(() => server.close())

const view = (id: number, some: Partial<View> = {}): View =>
  ({
    id,
    version: 1,
    name: `v${id}`,
    resource: 'customers',
    kind: 'table',
    visibility: 'private',
    filters: {},
    where: null,
    q: null,
    sort: null,
    group_by: null,
    columns: [],
    owner_id: 1,
    is_active: true,
    can_write: true,
    ...some,
  }) as View

const hot = view(7, {
  filters: { status: ['lead', 'prospect'] },
  // Keys come in any order.
  where: {
    and: [
      { value: 'A', op: 'eq', field: 'level' },
      { op: 'eq', field: 'gone', value: '1' },
    ],
  },
  sort: 'name',
  columns: [
    { field: 'name', width: 200 },
    { field: 'level', width: null },
  ],
})

async function open(
  path: string,
  views: View[] = [hot, view(8)],
  defaults: number[] = [],
  rules: Record<string, string> = {},
) {
  const list = (data: unknown[]) => HttpResponse.json({ data, meta: { total: null, next_cursor: null } })
  const kept = { views }
  server.use(
    http.get('*/api/v1/views', () => list(kept.views)),
    http.get('*/api/v1/view-preferences', () =>
      list(defaults.map((id) => ({ id, view_id: id, is_default: true, is_pinned: false, rank: 0 }))),
    ),
    http.get('*/api/v1/views/fields', () =>
      HttpResponse.json({
        data: [
          {
            field: 'level',
            label: 'Level',
            type: 'text',
            ops: ['eq'],
            values: [],
            list: null,
            resource: null,
          },
        ],
      }),
    ),
  )
  authorise({ token: () => Promise.resolve('t'), renew: () => Promise.resolve(false), language: () => 'en' })
  const queries = createQueryClient()
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [{ path: '/customers', name: 'customers', component: { render: () => null } }],
  })
  await router.push(path)
  const made: { state?: ReturnType<typeof useViewedState>; columns?: ReturnType<typeof useColumns> } = {}
  const Page = defineComponent({
    setup() {
      useSession().user = { id: 1, fields: { customer: rules } } as never
      made.state = useViewedState('customers', ['status', 'level', 'where'], '-updated_at')
      const all = ['name', 'status', 'level'].map((key) => ({ key, label: key, width: 100, isDefault: true }))
      made.columns = useColumns('customers.1', () => all, columnLink(made.state))
      return () => h('div')
    },
  })
  render(Page, { global: { plugins: [router, createPinia(), [VueQueryPlugin, { queryClient: queries }]] } })
  const { state, columns } = made
  if (!state || !columns) throw new Error('not rendered')
  return { state, columns, router, queries, kept, query: () => router.currentRoute.value.query }
}

const level = '{"field":"level","op":"eq","value":"A"}'

describe('a list that has views', () => {
  it('shows a view by its id alone, without what is not there any more', async () => {
    const { state, columns } = await open('/customers?view_id=7')
    expect(state.isReady?.value).toBe(false)
    await vi.waitFor(() => expect(state.isReady?.value).toBe(true))
    expect(state.choice.value).toEqual({
      q: '',
      sort: 'name',
      filters: { status: ['lead', 'prospect'], where: [level] },
    })
    expect(state.view.lacking.value).toEqual(['gone'])
    expect(state.view.isDirty.value).toBe(false)
    expect(columns.visible.value.map(({ key, width }) => [key, width])).toEqual([
      ['name', 200],
      ['level', 100],
    ])
  })

  it('opens without what the reader may not see, and says so', async () => {
    const asking = view(7, {
      filters: { status: ['lead'], level: ['A'] },
      where: { field: 'phone', op: 'contains', value: '138' },
      sort: '-level',
    })
    const rules = { level: 'hidden', phone: 'masked' }
    const { state } = await open('/customers?view_id=7', [asking], [], rules)
    await vi.waitFor(() => expect(state.isReady?.value).toBe(true))
    expect(state.choice.value).toEqual({ q: '', sort: '-updated_at', filters: { status: ['lead'] } })
    expect(state.view.lacking.value).toEqual(['phone', 'level'])
    expect(state.view.isDirty.value).toBe(false)
  })

  it('writes all of it beside the view with the first change, and nothing once that is taken back', async () => {
    const { state, query } = await open('/customers?view_id=7')
    await vi.waitFor(() => expect(state.isReady?.value).toBe(true))
    state.setFilter('status', ['lead'])
    await vi.waitFor(() =>
      expect(query()).toEqual({
        view_id: '7',
        status: 'lead',
        where: level,
        sort: 'name',
        columns: 'name:200,level',
      }),
    )
    expect(state.view.isDirty.value).toBe(true)
    state.setFilter('status', ['lead', 'prospect'])
    await vi.waitFor(() => expect(query()).toEqual({ view_id: '7' }))
    state.clear()
    await vi.waitFor(() => expect(query()).toEqual({ view_id: '7', sort: 'name', columns: 'name:200,level' }))
    expect(state.choice.value.filters).toEqual({})
    await state.view.reset()
    expect(query()).toEqual({ view_id: '7' })
    expect(state.choice.value.sort).toBe('name')
  })

  it('says what would be saved', async () => {
    const { state, columns, query } = await open('/customers?view_id=7')
    await vi.waitFor(() => expect(state.isReady?.value).toBe(true))
    columns.resize('level', 150)
    await vi.waitFor(() => expect(query()['columns']).toBe('name:200,level:150'))
    state.setSearch('ltd')
    await vi.waitFor(() => expect(query()['q']).toBe('ltd'))
    expect(state.view.definition()).toEqual({
      resource: 'customers',
      kind: 'table',
      filters: { status: ['lead', 'prospect'] },
      where: JSON.parse(level) as unknown,
      q: 'ltd',
      sort: 'name',
      group_by: null,
      columns: [
        { field: 'name', width: 200 },
        { field: 'level', width: 150 },
      ],
    })
    // The arrangement of a view is not that of the table at large.
    expect(localStorage.getItem('lianxi.columns.customers.1')).toBeNull()
  })

  it('follows what somebody else makes of the view', async () => {
    const { state, queries, kept } = await open('/customers?view_id=7')
    await vi.waitFor(() => expect(state.isReady?.value).toBe(true))
    kept.views = [{ ...hot, version: 2, filters: {}, sort: null }]
    await queries.invalidateQueries({ queryKey: ['reference', 'views'] })
    await vi.waitFor(() => expect(state.choice.value.sort).toBe('-updated_at'))
    expect(state.choice.value.filters).toEqual({ where: [level] })
  })

  it('opens with the view that a person has chosen, and without it by a link', async () => {
    const { state, query, router } = await open('/customers', undefined, [7])
    await vi.waitFor(() => expect(state.view.active.value?.id).toBe(7))
    expect(query()).toEqual({})
    await state.view.open(null)
    expect(query()).toEqual({ view_id: 'all' })
    expect(state.view.active.value).toBeNull()
    state.setFilter('level', ['B'])
    await vi.waitFor(() => expect(query()).toEqual({ view_id: 'all', level: 'B' }))
    expect(state.view.isWorthKeeping.value).toBe(true)
    // A link that says what it wants is no view.
    await router.push('/customers?level=C')
    expect(state.view.active.value).toBeNull()
    expect(state.choice.value.filters).toEqual({ level: ['C'] })
  })

  it('waits for the view that opens first only where there is one', async () => {
    const first = await open('/customers', undefined, [7])
    expect(first.state.isReady?.value).toBe(true)
    await vi.waitFor(() => expect(first.state.view.active.value?.id).toBe(7))
    const second = await open('/customers', undefined, [7])
    expect(second.state.isReady?.value).toBe(false)
    await vi.waitFor(() => expect(second.state.isReady?.value).toBe(true))
    expect(second.state.view.active.value?.id).toBe(7)
  })

  it('asks again on the next day what it asks about today', async () => {
    vi.useFakeTimers({
      toFake: ['Date', 'setInterval', 'clearInterval'],
      now: new Date('2026-11-27T12:00:00Z'),
    })
    try {
      const { state, queries } = await open(
        '/customers?where=%7B%22field%22%3A%22level%22%2C%22op%22%3A%22within%22%2C%22value%22%3A%22today%22%7D',
      )
      const asked = vi.spyOn(queries, 'invalidateQueries')
      await vi.advanceTimersByTimeAsync(60_000)
      expect(asked).not.toHaveBeenCalled()
      await vi.advanceTimersByTimeAsync(24 * 3_600_000)
      expect(asked).toHaveBeenCalledWith({ queryKey: ['list', 'customers'] })
      asked.mockClear()
      state.setFilter('where', [])
      await vi.waitFor(() => expect(state.choice.value.filters).toEqual({}))
      await vi.advanceTimersByTimeAsync(24 * 3_600_000)
      expect(asked).not.toHaveBeenCalled()
    } finally {
      vi.useRealTimers()
    }
  })

  it('says that a view is not there for the reader', async () => {
    const { state } = await open('/customers?view_id=99&level=A')
    expect(state.view.isAbsent.value).toBe(false)
    await vi.waitFor(() => expect(state.view.isAbsent.value).toBe(true))
    expect(state.choice.value.filters).toEqual({ level: ['A'] })
  })
})
