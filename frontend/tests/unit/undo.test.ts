import { http, HttpResponse } from 'msw'
import { setupServer } from 'msw/node'
import { createPinia, setActivePinia } from 'pinia'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { authorise } from '@/api/client'
import { Receipt } from '@/api/receipt'
import { rest } from '@/api/rest'
import type { Entry, Job } from '@/api/types'
import { isEcho, isOwnChangeset } from '@/api/versions'
import { i18n, setLocale } from '@/i18n/i18n'
import { openHistory } from '@/records/history'
import { Undo, wordsOf } from '@/records/undo'
import { toasts } from '@/ui/toasts'

const server = setupServer()
const undone: number[] = []
let next = 100

function changing(path: string, id: number): void {
  server.use(
    http.patch(`*/api/v1${path}`, () =>
      HttpResponse.json({ id: 1 }, { headers: { 'X-Changeset-Id': String(id) } }),
    ),
  )
}
/** Changes a record; its change set has this id. */
async function change(id: number, receipt?: Receipt, path = '/customers/1'): Promise<void> {
  changing(path, id)
  await rest.patch(path, {}, { receipt })
}

const jobs = new Set<(payload: unknown) => void>()
const connection = {
  on: (_event: string, listener: (payload: unknown) => void) => {
    jobs.add(listener)
    return () => jobs.delete(listener)
  },
  catchUp: vi.fn(() => Promise.resolve()),
}
const undo = new Undo(connection)

beforeAll(async () => {
  server.listen({ onUnhandledRequest: 'error' })
  setActivePinia(createPinia())
  await setLocale('en')
  authorise({ token: () => Promise.resolve('t'), renew: () => Promise.resolve(false), language: () => 'en' })
})
beforeEach(() => {
  undo.clear()
  toasts.splice(0)
  undone.splice(0)
  openHistory.value = null
  connection.catchUp.mockClear()
  server.use(
    http.post('*/api/v1/changesets/:id/undo', ({ params }) => {
      undone.push(Number(params['id']))
      next += 1
      return HttpResponse.json({ changeset_id: next }, { headers: { 'X-Changeset-Id': String(next) } })
    }),
  )
})
afterEach(() => server.resetHandlers())
afterAll(() => server.close())

const texts = (): string[] => toasts.map(({ text }) => text)
const press = (label: string): void =>
  toasts
    .at(-1)
    ?.actions?.find((one) => one.label === label)
    ?.run()

describe('undo', () => {
  it('goes back act by act, and forth again', async () => {
    await change(1)
    await change(2)
    await undo.undoLast()
    await undo.undoLast()
    expect(undone).toEqual([2, 1])
    await undo.undoLast()
    expect(texts()).toEqual(['There is nothing to undo'])
    const [, second] = [next - 1, next]
    await undo.redoLast()
    expect(undone.at(-1), 'what was taken back last is done again first').toBe(second)
    expect(texts()).toEqual(['Done again'])
    await undo.undoLast()
    expect(undone.at(-1)).toBe(next - 1)
    expect(connection.catchUp).toHaveBeenCalledTimes(4)
  })

  it('takes an act of several requests back from its end', async () => {
    const receipt = new Receipt()
    await change(1, receipt)
    await change(2, receipt)
    undo.offer('Moved', receipt)
    press('Undo')
    await vi.waitFor(() => expect(undone).toEqual([2, 1]))
    await vi.waitFor(() => expect(texts()).toEqual(['Undone']))
    press('Redo')
    await vi.waitFor(() => expect(undone).toEqual([2, 1, next - 2, next - 3]))
  })

  it('has its own change set told by pushes, where that of an edit is an echo', async () => {
    await change(1)
    expect([isOwnChangeset(1), isEcho(1)]).toEqual([true, true])
    await undo.undoLast()
    expect([isOwnChangeset(next), isEcho(next)]).toEqual([true, false])
  })

  it('forgets what could be done again once something new is done', async () => {
    await change(1)
    await undo.undoLast()
    await change(2)
    await undo.redoLast()
    expect(texts()).toContain('There is nothing to redo')
    expect(undone).toEqual([1])
  })

  it('knows an answer of no entries for no act', async () => {
    server.use(
      http.post('*/api/v1/customers/bulk', () =>
        HttpResponse.json({}, { headers: { 'X-Changeset-Id': '8', 'X-Changeset-Entries': '0' } }),
      ),
    )
    await change(1)
    await rest.post('/customers/bulk', {})
    await undo.undoLast()
    expect(undone).toEqual([1])
  })

  it('waits for a write that is under way', async () => {
    let answer = (): void => undefined
    server.use(
      http.patch('*/api/v1/customers/1', async () => {
        await new Promise<void>((resolve) => (answer = resolve))
        return HttpResponse.json({ id: 1 }, { headers: { 'X-Changeset-Id': '9' } })
      }),
    )
    const write = rest.patch('/customers/1', {})
    const back = undo.undoLast()
    await vi.waitFor(() => {
      answer()
      expect(undone).toEqual([9])
    })
    await Promise.all([write, back])
  })

  it('offers nothing where the server cannot', async () => {
    const receipt = new Receipt()
    await change(3, receipt, '/quotes/1')
    undo.offer('Saved', receipt)
    expect(toasts.at(-1)).toMatchObject({ text: 'Saved', actions: [] })
    undo.offer('Nothing changed', new Receipt())
    expect(toasts.at(-1)).toMatchObject({ text: 'Nothing changed', actions: [] })
  })

  it('names who has worked on what since, and leads to the history', async () => {
    const at = new Date(Date.now() - 120_000).toISOString()
    const carol = { id: 3, name: 'Carol' }
    const one = { resource: 'customer', id: 5, changed_by: carol, at }
    server.use(
      http.post('*/api/v1/changesets/1/undo', () =>
        HttpResponse.json(
          {
            type: '/problems/undo-conflict',
            detail: 'x',
            conflicts: [
              { ...one, field: 'phone' },
              { ...one, field: 'level' },
              { ...one, field: 'is_active', changed_by: null, at: null },
            ],
          },
          { status: 409 },
        ),
      ),
    )
    await change(1)
    await undo.undoLast()
    expect(texts()).toEqual([
      'Not undone: somebody has worked on this since.\nPhone, Level – changed by Carol, 2 min. ago\nDeletion',
    ])
    expect(toasts[0]).toMatchObject({ tone: 'error', isLasting: true })
    press('History')
    expect(openHistory.value).toEqual({ resource: 'customers', id: 5 })
    // It was answered: the next key goes on to what lies before it.
    await undo.undoLast()
    expect(texts()).toContain('There is nothing to undo')
  })

  it('says a refusal in the words of the server, and tries again what never reached it', async () => {
    const detail = 'This change has been undone already.'
    server.use(
      http.post('*/api/v1/changesets/1/undo', () =>
        HttpResponse.json({ type: '/problems/already-undone', detail }, { status: 409 }),
      ),
      http.post('*/api/v1/changesets/2/undo', () => HttpResponse.error(), { once: true }),
    )
    await change(1)
    await undo.undoLast()
    expect(texts()).toEqual([detail])
    await change(2)
    await undo.undoLast()
    expect(undone).toEqual([])
    await undo.undoLast()
    expect(undone).toEqual([2])
  })

  it('follows a large one as a job, by push and by asking', async () => {
    const job = (more: Partial<Job>): Job =>
      ({
        id: 4,
        kind: 'undo',
        status: 'queued',
        done: 0,
        total: 900,
        problem: null,
        changeset_id: null,
        ...more,
      }) as Job
    server.use(
      http.post('*/api/v1/changesets/1/undo', () => HttpResponse.json(job({}), { status: 202 })),
      http.get('*/api/v1/jobs/4', () =>
        HttpResponse.json(job({ status: 'succeeded', done: 900, changeset_id: 77 })),
      ),
    )
    await change(1)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const back = undo.undoLast()
    await vi.waitFor(() => expect(jobs.size).toBe(1))
    for (const tell of jobs) tell(job({ status: 'running', done: 450 }))
    expect(toasts[0]).toMatchObject({ isLasting: true, progress: { done: 450, total: 900 } })
    await vi.advanceTimersByTimeAsync(2000)
    vi.useRealTimers()
    await back
    expect(texts()).toEqual(['Undone'])
    expect([isOwnChangeset(77), isEcho(77)]).toEqual([true, false])
    expect(jobs.size).toBe(0)
  })

  it('tells of a job that failed as of any refusal', async () => {
    const failed = {
      id: 4,
      kind: 'undo',
      status: 'failed',
      done: 0,
      total: 900,
      problem: {
        type: '/problems/not-undoable',
        status: 409,
        detail: 'Changes of this kind cannot be undone.',
      },
    }
    server.use(http.post('*/api/v1/changesets/1/undo', () => HttpResponse.json(failed, { status: 202 })))
    await change(1)
    await undo.undoLast()
    expect(texts()).toEqual(['Changes of this kind cannot be undone.'])
  })

  it('offers the way back until the server has refused it for good', async () => {
    const entry = (id: number, more: Partial<Entry> = {}): Entry =>
      ({
        resource: 'customer',
        action: 'updated',
        changes: { name: { before: 'a', after: 'b' } },
        changeset_id: id,
        ...more,
      }) as Entry
    const refuse = (type: string, status: number): void =>
      server.use(
        http.post('*/api/v1/changesets/55/undo', () =>
          HttpResponse.json({ type: `/problems/${type}` }, { status }),
        ),
      )
    for (const [type, status] of [
      ['undo-conflict', 409],
      ['unavailable', 503],
    ] as const) {
      refuse(type, status)
      expect(await undo.undoChangeset(55)).toBe(false)
      expect(undo.offers(entry(55)), type).toBe(true)
    }
    for (const [type, status] of [
      ['forbidden', 403],
      ['already-undone', 409],
      ['not-undoable', 409],
    ] as const) {
      refuse(type, status)
      expect(await undo.undoChangeset(55)).toBe(false)
      expect(undo.offers(entry(55)), type).toBe(false)
      expect(undo.offers(entry(56)), 'another one').toBe(true)
      undo.clear()
      expect(undo.offers(entry(55)), 'another person').toBe(true)
    }
    expect(undo.offers(entry(1, { resource: 'user', changes: {} })), 'a new password').toBe(false)
    expect(undo.offers(entry(1, { action: 'erased' }))).toBe(false)
    expect(undo.offers(entry(1, { resource: 'webhook' }))).toBe(false)
  })

  it('takes back what somebody else did, once', async () => {
    expect(await undo.undoChangeset(55)).toBe(true)
    expect(undone).toEqual([55])
    await undo.undoLast()
    expect(undone, 'which is an act of this tab').toEqual([55, next - 1])
  })

  it('says the same in Chinese', async () => {
    await setLocale('zh-CN')
    const at = new Date(Date.now() - 120_000).toISOString()
    const told = { resource: 'deal', id: 5, field: 'stage_id', changed_by: { id: 3, name: '王磊' }, at }
    expect(wordsOf([told, { ...told, field: 'amount' }])).toEqual(['阶段、金额：王磊，2分钟前修改'])
    i18n.global.locale.value = 'en'
  })
})
