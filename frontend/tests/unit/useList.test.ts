import { VueQueryPlugin, type QueryClient } from '@tanstack/vue-query'
import { render } from '@testing-library/vue'
import { http, HttpResponse } from 'msw'
import { setupServer } from 'msw/node'
import { createPinia } from 'pinia'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { defineComponent, h } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'
import { authorise } from '@/api/client'
import type { Customer } from '@/api/types'
import { customerList } from '@/customer/customerList'
import { provideLive, type Live } from '@/records/context'
import { LiveCache } from '@/records/live'
import { useUrlListState, type ListState } from '@/records/listState'
import { createQueryClient } from '@/records/queryClient'
import { neighbours } from '@/records/trail'
import { useList } from '@/records/useList'
import type { LiveEvent } from '@/realtime/events'

const server = setupServer()
beforeAll(() => server.listen({ onUnhandledRequest: 'error' }))
afterEach(() => server.resetHandlers())
afterAll(() => server.close())

const customer = (id: number, some: Partial<Customer> = {}): Customer =>
  ({
    id,
    version: 1,
    name: `c${id}`,
    status: 'lead',
    is_active: true,
    tags: [],
    updated_at: `2026-01-${String(30 - id).padStart(2, '0')}T00:00:00Z`,
    ...some,
  }) as Customer

async function open(path: string, total = 3, gate: Promise<void> = Promise.resolve()) {
  const asked: string[] = []
  server.use(
    http.get('*/api/v1/customers', ({ request }) => {
      const url = new URL(request.url)
      asked.push(url.search)
      const from = Number(url.searchParams.get('cursor') ?? 0)
      const data = Array.from({ length: Math.min(2, total - from) }, (_, i) => customer(from + i + 1))
      return HttpResponse.json({
        data,
        meta: { total: from ? null : total, next_cursor: from + 2 < total ? String(from + 2) : null },
      })
    }),
  )
  authorise({ token: () => Promise.resolve('t'), renew: () => Promise.resolve(false), language: () => 'en' })
  const queries: QueryClient = createQueryClient()
  const cache = new LiveCache(queries)
  const live = { connection: { ready: () => gate }, cache, presence: null } as unknown as Live
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: '/customers', name: 'customers', component: { render: () => null } },
      { path: '/x', name: 'x', component: { render: () => null } },
    ],
  })
  await router.push(path)
  let list: ReturnType<typeof useList<'customers'>> | undefined
  let state: ListState | undefined
  const Page = defineComponent({
    setup() {
      state = useUrlListState(Object.keys(customerList.filters), customerList.defaultSort)
      list = useList(customerList, state)
      return () => h('div')
    },
  })
  render(Page, {
    global: {
      plugins: [
        router,
        createPinia(),
        [VueQueryPlugin, { queryClient: queries }],
        { install: (app) => provideLive(app, live) },
      ],
    },
  })
  if (!list || !state) throw new Error('not set up')
  return { list, state, router, asked, cache, queries }
}
const event = (record: Customer): LiveEvent => ({
  cursor: 'c',
  type: 'customer_updated',
  resource: 'customers',
  id: record.id,
  version: record.version,
  changed: ['status'],
  record: record as unknown as Record<string, unknown>,
  changeset_id: 5,
  actor: null,
  at: '2026-02-01T00:00:00Z',
})

describe('a list', () => {
  it('waits for the live connection before it asks', async () => {
    let ready: () => void = () => undefined
    const { list, asked } = await open('/customers', 3, new Promise((resolve) => (ready = resolve)))
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(asked).toEqual([])
    ready()
    await vi.waitFor(() => expect(list.rows.value).toHaveLength(2))
  })

  it('asks for what the address says, counts once, and walks by cursor', async () => {
    const { list, asked } = await open('/customers?status=lead&status=active&q=%E5%BC%A0&sort=name&stray=1')
    await vi.waitFor(() => expect(list.rows.value).toHaveLength(2))
    expect(asked[0]).toBe('?status=lead&status=active&q=%E5%BC%A0&sort=name&per_page=100&count=capped')
    expect([list.total.value, list.hasMore.value, list.isFiltered.value]).toEqual([3, true, true])
    list.loadMore()
    await vi.waitFor(() => expect(list.rows.value).toHaveLength(3))
    expect(asked[1]).toContain('cursor=2')
    expect(asked[1]).toContain('count=none')
    expect([list.total.value, list.hasMore.value]).toEqual([3, false])
  })

  it('writes its state into the address, leaves strangers alone and never drags the reader back', async () => {
    const { state, router } = await open('/customers?stray=1')
    state.setFilter('status', ['lead'])
    await vi.waitFor(() => expect(router.currentRoute.value.query).toEqual({ stray: '1', status: ['lead'] }))
    state.setSearch('abc')
    await vi.waitFor(() => expect(router.currentRoute.value.query['q']).toBe('abc'))
    state.clear()
    await vi.waitFor(() => expect(router.currentRoute.value.query).toEqual({ stray: '1' }))
    await router.push('/x')
    state.setSearch('late')
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(router.currentRoute.value.fullPath).toBe('/x')
  })

  it('takes pushes in without asking: rows leave, enter, and wait while somebody reads', async () => {
    const { list, asked, cache } = await open('/customers?status=lead', 2)
    await vi.waitFor(() => expect(list.rows.value).toHaveLength(2))
    cache.deliver([event(customer(1, { version: 2, status: 'lost' }))])
    await vi.waitFor(() => expect(list.rows.value.map((row) => row.id)).toEqual([2]))
    list.hold(true)
    cache.deliver([event(customer(9, { updated_at: '2026-03-01T00:00:00Z' }))])
    await vi.waitFor(() => expect(list.pendingCount.value).toBe(1))
    expect(list.rows.value.map((row) => row.id)).toEqual([2])
    list.hold(false)
    await vi.waitFor(() => expect(list.rows.value.map((row) => row.id)).toEqual([9, 2]))
    expect([list.total.value, list.pendingCount.value, asked.length]).toEqual([2, 0, 1])
  })

  it('has the server count again when a row that is not loaded may have come or gone', async () => {
    const { list, asked, cache } = await open('/customers?status=lead', 5)
    await vi.waitFor(() => expect(list.rows.value).toHaveLength(2))
    const top = { version: 2, updated_at: '2026-03-01T00:00:00Z' }
    cache.deliver([{ ...event(customer(4, top)), changed: ['phone'] }])
    expect([list.rows.value.map((row) => row.id), list.total.value]).toEqual([[4, 1, 2], 5])
    await new Promise((resolve) => setTimeout(resolve, 1_200))
    expect(asked).toHaveLength(1)
    server.use(
      http.get('*/api/v1/customers', ({ request }) => {
        asked.push(new URL(request.url).search)
        return HttpResponse.json({ data: [{ id: 1 }], meta: { total: 4, total_is_capped: false } })
      }),
    )
    for (const version of [2, 3, 4]) cache.deliver([event(customer(5, { version, status: 'lost' }))])
    await vi.waitFor(() => expect(list.total.value).toBe(4), { timeout: 3_000 })
    expect(asked.slice(1)).toEqual(['?status=lead&sort=-updated_at&per_page=1&fields=id&count=capped'])
    expect(list.rows.value.map((row) => row.id)).toEqual([4, 1, 2])
  })

  it('is the trail along which one goes to the next record', async () => {
    const { list, queries } = await open('/customers', 2)
    await vi.waitFor(() => expect(list.rows.value).toHaveLength(2))
    expect(neighbours(queries, 'customers', 1)).toEqual({ previous: null, next: 2, position: 1, count: 2 })
    expect(neighbours(queries, 'customers', 77)).toMatchObject({ previous: null, next: null, position: 0 })
  })

  it('keeps its rows when a later page fails, and says so', async () => {
    const { list } = await open('/customers', 5)
    await vi.waitFor(() => expect(list.rows.value).toHaveLength(2))
    server.use(http.get('*/api/v1/customers', () => HttpResponse.json({ status: 500 }, { status: 500 })))
    list.loadMore()
    await vi.waitFor(() => expect(list.error.value).not.toBeNull())
    expect(list.rows.value).toHaveLength(2)
  })
})
