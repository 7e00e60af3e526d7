import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, nextTick, ref } from 'vue'
import { Problem } from '@/api/problem'
import type { EventPage, LiveEvent } from '@/api/types'
import { LiveConnection, type LiveSocket } from '@/realtime/connection'
import { isGone, listName, splitType } from '@/realtime/events'
import { Presence, usePresence } from '@/realtime/presence'

/** A socket that the test pushes by hand. */
class FakeSocket implements LiveSocket {
  active = true
  connects = 0
  readonly sent: unknown[][] = []
  private readonly handlers = new Map<string, ((...args: never[]) => void)[]>()
  private readonly any: ((event: string, ...args: unknown[]) => void)[] = []

  on(event: string, listener: (...args: never[]) => void): void {
    this.handlers.set(event, [...(this.handlers.get(event) ?? []), listener])
  }
  onAny(listener: (event: string, ...args: unknown[]) => void): void {
    this.any.push(listener)
  }
  emit(...args: unknown[]): void {
    this.sent.push(args)
  }
  connect(): void {
    this.connects += 1
  }
  disconnect(): void {
    this.active = false
  }
  push(event: string, payload: unknown): void {
    for (const handler of this.handlers.get(event) ?? []) handler(payload as never)
    if (!['connect_error', 'disconnect'].includes(event))
      for (const handler of this.any) handler(event, payload)
  }
}

function event(cursor: string, id: number, version = 2): LiveEvent {
  return {
    cursor,
    type: 'customer_updated',
    resource: 'customers',
    id,
    version,
    changed: ['name'],
    record: { id, version, name: `c${id}` },
    changeset_id: 1,
    actor: null,
    at: '2026-01-01T00:00:00Z',
  }
}

const page = (data: LiveEvent[], watermark: string, has_more = false): EventPage => ({
  data,
  meta: { watermark, has_more },
})

function setUp(events: (after: string | null) => Promise<EventPage>) {
  const socket = new FakeSocket()
  const asked: (string | null)[] = []
  const parts = {
    open: vi.fn(() => Promise.resolve(socket as LiveSocket)),
    events: vi.fn((after: string | null) => {
      asked.push(after)
      return events(after)
    }),
    renew: vi.fn(() => Promise.resolve(true)),
    token: () => 't',
    deliver: vi.fn(),
    reset: vi.fn(),
  }
  const live = new LiveConnection(parts, { live: () => 45_000, polling: () => 10_000, retry: () => 1000 })
  return { socket, asked, parts, live }
}

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0)

describe('the gate before the lists', () => {
  it('opens with the watermark of /events, then the socket closes the gap between', async () => {
    const { socket, asked, parts, live } = setUp((after) =>
      Promise.resolve(after ? page([event('c2', 5)], 'c2') : page([], 'c1')),
    )
    live.start()
    let open = false
    void live.ready().then(() => (open = true))
    await settle()
    expect(open).toBe(true)
    socket.push('ready', { watermark: 'c9' })
    await vi.advanceTimersByTimeAsync(100)
    expect(asked).toEqual([null, 'c1'])
    expect(parts.deliver).toHaveBeenCalledExactlyOnceWith([event('c2', 5)], [])
    expect(live.state.value).toBe('live')
  })

  it('opens after a moment even when nothing answers, and loads again once a point is known', async () => {
    let answers = false
    const { socket, parts, live } = setUp(() =>
      answers ? Promise.resolve(page([], 'c1')) : Promise.reject(new Problem(0)),
    )
    live.start()
    let open = false
    void live.ready().then(() => (open = true))
    await vi.advanceTimersByTimeAsync(1400)
    expect(open).toBe(false)
    await vi.advanceTimersByTimeAsync(200)
    expect([open, parts.reset.mock.calls.length]).toEqual([true, 0])
    answers = true
    socket.push('ready', { watermark: 'c4' })
    await settle()
    expect(parts.reset).toHaveBeenCalledOnce()
  })
})

describe('the resume point', () => {
  it('is never moved by a push', async () => {
    const { socket, asked, live } = setUp(() => Promise.resolve(page([], 'c1')))
    live.start()
    await settle()
    socket.push('ready', { watermark: 'c1' })
    await settle()
    socket.push('customer_updated', event('c7', 1))
    await vi.advanceTimersByTimeAsync(45_000)
    expect(asked).toEqual([null, 'c1', 'c1'])
  })

  it('walks page by page and stands at the last one', async () => {
    const pages: Record<string, EventPage> = {
      c1: page([event('c2', 1)], 'c9', true),
      c2: page([event('c3', 2)], 'c9', false),
      c3: page([], 'c9'),
      c9: page([], 'c9'),
    }
    const { asked, live } = setUp((after) =>
      Promise.resolve(after ? (pages[after] as EventPage) : page([], 'c1')),
    )
    live.start()
    await settle()
    await live.catchUp()
    await live.catchUp()
    await live.catchUp()
    expect(asked).toEqual([null, 'c1', 'c2', 'c3', 'c9'])
  })

  it('starts anew after 410: first a new point, then a reload', async () => {
    const order: string[] = []
    let gone = true
    const { parts, live } = setUp((after) => {
      order.push(`events ${after}`)
      if (after && gone) return Promise.reject(new Problem(410))
      return Promise.resolve(page([], after ?? 'c5'))
    })
    parts.reset.mockImplementation(() => order.push('reset'))
    live.start()
    await settle()
    await live.catchUp()
    gone = false
    await live.catchUp()
    expect(order).toEqual(['events null', 'events c5', 'events null', 'reset', 'events c5'])
  })
})

describe('pushes', () => {
  it('of one second are few deliveries, bulk apart', async () => {
    const { socket, parts, live } = setUp(() => Promise.resolve(page([], 'c1')))
    live.start()
    await settle()
    socket.push('ready', { watermark: 'c1' })
    await settle()
    for (let i = 0; i < 200; i += 1) {
      socket.push('customer_updated', { ...event(`c${i}`, i), type: undefined, resource: undefined })
      await vi.advanceTimersByTimeAsync(5)
    }
    socket.push('deal_bulk', { changeset_id: 8, count: 900 })
    await vi.advanceTimersByTimeAsync(200)
    const sizes = parts.deliver.mock.calls.map(([events]) => (events as LiveEvent[]).length)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(200)
    expect(sizes.length).toBeLessThanOrEqual(12)
    expect(parts.deliver.mock.calls[0]?.[0][0]).toMatchObject({
      type: 'customer_updated',
      resource: 'customer',
      id: 0,
    })
    expect(parts.deliver.mock.calls.flatMap(([, bulk]) => bulk as unknown[])).toEqual([
      { resource: 'deal', changeset_id: 8 },
    ])
  })
})

describe('a push about a loss', () => {
  it('is whole, though it says the id only', async () => {
    const { socket, parts, live } = setUp(() => Promise.resolve(page([], 'c1')))
    live.start()
    await settle()
    socket.push('ready', { watermark: 'c1' })
    await settle()
    socket.push('deal_removed', { cursor: 'c2', id: 7 })
    await vi.advanceTimersByTimeAsync(200)
    expect(parts.deliver.mock.calls.flatMap(([events]) => events as LiveEvent[])).toEqual([
      expect.objectContaining({
        type: 'deal_removed',
        resource: 'deal',
        id: 7,
        version: null,
        changed: [],
        record: null,
        actor: null,
      }),
    ])
  })
})

describe('a lost connection', () => {
  it('is polled, shown after five seconds, and healed by ready', async () => {
    const { socket, asked, live } = setUp((after) => Promise.resolve(page([], after ?? 'c1')))
    live.start()
    await settle()
    socket.push('ready', { watermark: 'c1' })
    await settle()
    socket.push('disconnect', 'transport close')
    expect([live.state.value, live.isLost.value]).toEqual(['polling', false])
    await vi.advanceTimersByTimeAsync(5000)
    expect(live.isLost.value).toBe(true)
    const before = asked.length
    await vi.advanceTimersByTimeAsync(10_000)
    expect(asked.length).toBeGreaterThan(before)
    socket.push('ready', { watermark: 'c1' })
    expect([live.state.value, live.isLost.value]).toEqual(['live', false])
  })

  it('asks at once what a refusal is about that is not for want of a token', async () => {
    const { socket, asked, parts, live } = setUp(() => Promise.resolve(page([], 'c1')))
    live.start()
    await settle()
    const before = asked.length
    socket.active = false
    socket.push('connect_error', new Error('forbidden'))
    await settle()
    expect(asked.length).toBe(before + 1)
    live.stop()
    await vi.advanceTimersByTimeAsync(60_000)
    expect([asked.length, socket.connects]).toEqual([before + 1, 1])
    expect(parts.renew).not.toHaveBeenCalled()
  })

  it('renews the token when refused for it, and tries again', async () => {
    const { socket, parts, live } = setUp(() => Promise.resolve(page([], 'c1')))
    live.start()
    await settle()
    expect(socket.connects).toBe(1)
    socket.active = false
    socket.push('connect_error', new Error('unauthorized'))
    await vi.advanceTimersByTimeAsync(1000)
    expect(parts.renew).toHaveBeenCalledOnce()
    expect(socket.connects).toBe(2)
  })

  it('renews before the end and passes the new token on', async () => {
    const { socket, parts, live } = setUp(() => Promise.resolve(page([], 'c1')))
    live.start()
    await settle()
    socket.push('ready', { watermark: 'c1' })
    socket.push('auth_expiring', { expires_at: 'x' })
    expect(parts.renew).toHaveBeenCalledOnce()
    live.authenticate('new')
    expect(socket.sent).toContainEqual(['authenticate', { token: 'new' }])
  })

  it('stays silent after stop', async () => {
    const { socket, parts, live } = setUp(() => Promise.resolve(page([], 'c1')))
    live.start()
    await settle()
    socket.push('customer_updated', event('c2', 1))
    live.stop()
    socket.push('customer_updated', event('c3', 1))
    await vi.advanceTimersByTimeAsync(60_000)
    expect(parts.deliver).not.toHaveBeenCalled()
    expect(live.state.value).toBe('off')
  })
})

describe('presence', () => {
  it('watches, hears who is there without oneself, and watches again after a reconnect', async () => {
    const { socket, live } = setUp(() => Promise.resolve(page([], 'c1')))
    live.start()
    await settle()
    socket.push('ready', { watermark: 'c1' })
    const presence = new Presence(live, () => 1)
    const scope = effectScope()
    const id = ref<number | null>(7)
    const users = scope.run(() => usePresence(presence, 'customer', id))
    expect(socket.sent.at(-1)?.slice(0, 2)).toEqual(['watch', { resource: 'customer', id: 7 }])
    socket.push('presence', {
      resource: 'customer',
      id: 7,
      users: [
        { id: 1, name: 'me' },
        { id: 2, name: '小王' },
        { id: 2, name: '小王' },
      ],
    })
    await nextTick()
    expect(users?.value).toEqual([{ id: 2, name: '小王' }])
    const before = socket.sent.length
    socket.push('ready', { watermark: 'c1' })
    expect(socket.sent.slice(before).map(([name]) => name)).toEqual(['watch'])
    scope.stop()
    expect(socket.sent.at(-1)).toEqual(['unwatch', { resource: 'customer', id: 7 }])
  })
})

describe('names', () => {
  it('are split and made plural', () => {
    expect(splitType('customer_updated')).toEqual({ resource: 'customer', verb: 'updated' })
    expect(splitType('deal.moved')).toEqual({ resource: 'deal', verb: 'moved' })
    expect([listName('person'), listName('people'), listName('deals'), listName('deal')]).toEqual([
      'people',
      'people',
      'deals',
      'deals',
    ])
    expect(isGone({ type: 'customer_removed', record: null })).toBe(true)
    expect(isGone({ type: 'deal_won', record: { id: 1 } })).toBe(false)
  })
})
