import { http, HttpResponse } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { authorise } from '@/api/client'
import { isReachable, onBackOnline } from '@/api/connectivity'
import { Problem } from '@/api/problem'
import { rest } from '@/api/rest'
import { forgetEtags, ifMatch, isOwnChangeset } from '@/api/versions'
import { explain } from '@/i18n/problem'

const server = setupServer()
beforeAll(() => server.listen({ onUnhandledRequest: 'error' }))
afterEach(() => server.resetHandlers())
afterAll(() => server.close())

let token: string | null = 'first'
const renew = vi.fn<(stale: string | null) => Promise<boolean>>()

beforeEach(() => {
  token = 'first'
  renew.mockReset().mockResolvedValue(false)
  forgetEtags()
  authorise({ token: () => Promise.resolve(token), renew, language: () => 'zh-CN' })
})

const customers = '*/api/v1/customers'

async function refusal(promise: Promise<unknown>): Promise<Problem> {
  const fault: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  )
  if (fault instanceof Problem) return fault
  throw new Error('no problem was thrown')
}

describe('requests', () => {
  it('carry the token, the language and, when they post, a key of their own', async () => {
    const seen: Headers[] = []
    server.use(
      http.post(customers, ({ request }) => {
        seen.push(request.headers)
        return HttpResponse.json({ id: 1 }, { status: 201, headers: { 'X-Changeset-Id': '77' } })
      }),
    )
    await rest.post('/customers', { name: '张三' })
    await rest.post('/customers', { name: '张三' }, { idempotencyKey: 'mine' })
    expect(seen[0]?.get('Authorization')).toBe('Bearer first')
    expect(seen[0]?.get('Accept-Language')).toBe('zh-CN')
    expect(seen[0]?.get('Idempotency-Key')).toMatch(/^[0-9a-f]{32}$/)
    expect(seen[1]?.get('Idempotency-Key')).toBe('mine')
    expect(isOwnChangeset('77')).toBe(true)
    expect(isOwnChangeset('78')).toBe(false)
  })

  it('are sent again, as the same intent, while the server is busy for a moment', async () => {
    const keys: (string | null)[] = []
    const answers = [503, 503, 201]
    server.use(
      http.post(customers, async ({ request }) => {
        keys.push(`${request.headers.get('Idempotency-Key') ?? ''} ${await request.text()}`)
        const status = answers.shift() ?? 503
        return HttpResponse.json({ id: 1 }, { status, headers: { 'Retry-After': '0' } })
      }),
    )
    expect(await rest.post('/customers', { name: '张三' })).toEqual({ id: 1 })
    expect(keys).toHaveLength(3)
    expect(new Set(keys).size).toBe(1)
    // In the end it is told.
    expect((await refusal(rest.post('/customers', { name: '李四' }))).status).toBe(503)
    expect(keys).toHaveLength(6)
  })

  it('wait for nobody who says nothing of when, or to wait long', async () => {
    let count = 0
    server.use(
      http.get(customers, () => {
        count += 1
        const headers: Record<string, string> = count === 1 ? {} : { 'Retry-After': '60' }
        return HttpResponse.json({}, { status: 503, headers })
      }),
    )
    expect((await refusal(rest.get('/customers'))).status).toBe(503)
    expect((await refusal(rest.get('/customers'))).status).toBe(503)
    expect(count).toBe(2)
  })

  it('repeat a list value and leave out what is empty', async () => {
    let url = ''
    server.use(
      http.get(customers, ({ request }) => {
        url = request.url
        return HttpResponse.json({ data: [] })
      }),
    )
    await rest.get('/customers', { status: ['lead', 'active'], q: '', owner_id: null, per_page: 100 })
    expect(new URL(url).search).toBe('?status=lead&status=active&per_page=100')
  })

  it('send If-Match for the version that was seen, not for the newest', async () => {
    const seen: (string | null)[] = []
    server.use(
      http.get(`${customers}/5`, () => HttpResponse.json({ id: 5 }, { headers: { ETag: '"7.abc"' } })),
      http.patch(`${customers}/5`, ({ request }) => {
        seen.push(request.headers.get('If-Match'))
        return HttpResponse.json({ id: 5 })
      }),
    )
    await rest.get('/customers/5')
    await rest.patch('/customers/5', { name: 'a' }, { version: 7 })
    await rest.patch('/customers/5', { name: 'a' }, { version: 6 })
    expect(seen).toEqual(['"7.abc"', '"6.0"'])
    expect(ifMatch('/api/v1/customers/9', 2)).toBe('"2.0"')
  })
})

describe('a refused token', () => {
  it('is renewed once and the request sent again with its body', async () => {
    const bodies: unknown[] = []
    renew.mockImplementation(() => {
      token = 'second'
      return Promise.resolve(true)
    })
    server.use(
      http.post(customers, async ({ request }) => {
        bodies.push(await request.json())
        return request.headers.get('Authorization') === 'Bearer second'
          ? HttpResponse.json({ id: 1 }, { status: 201 })
          : HttpResponse.json({ status: 401 }, { status: 401 })
      }),
    )
    await expect(rest.post('/customers', { name: 'x' })).resolves.toEqual({ id: 1 })
    expect(bodies).toEqual([{ name: 'x' }, { name: 'x' }])
    expect(renew).toHaveBeenCalledExactlyOnceWith('first')
  })

  it('stays refused when nothing newer is to be had, and sign-in is never renewed', async () => {
    server.use(
      http.get(customers, () => HttpResponse.json({ status: 401 }, { status: 401 })),
      http.post('*/api/v1/auth/login', () => HttpResponse.json({ status: 401 }, { status: 401 })),
    )
    expect((await refusal(rest.get('/customers'))).status).toBe(401)
    expect((await refusal(rest.post('/auth/login', {}))).status).toBe(401)
    expect(renew).toHaveBeenCalledTimes(1)
  })
})

describe('a refusal', () => {
  it('brings its faults, its slug and its patience', async () => {
    server.use(
      http.post(customers, () =>
        HttpResponse.json(
          {
            type: '/problems/invalid',
            title: 'Invalid',
            status: 422,
            detail: '请检查',
            request_id: 'r-1',
            errors: [{ pointer: '#/name', code: 'required', detail: '必填' }],
          },
          { status: 422, headers: { 'Retry-After': '12', 'Content-Type': 'application/problem+json' } },
        ),
      ),
    )
    const problem = await refusal(rest.post('/customers', {}))
    expect(problem).toMatchObject({
      status: 422,
      slug: 'invalid',
      message: '请检查',
      retryAfterSeconds: 12,
      requestId: 'r-1',
    })
    expect(problem.errors).toEqual([{ pointer: '#/name', code: 'required', detail: '必填' }])
  })

  it('for now says why where the server names what it is about', async () => {
    const errors = [{ pointer: '#/file', code: 'file_unscanned', detail: '暂时无法检查文件' }]
    const headers = { 'Retry-After': '30' }
    server.use(
      http.post(customers, () =>
        HttpResponse.json({ detail: 'x', request_id: 'r-1', errors }, { status: 503, headers }),
      ),
    )
    const problem = await refusal(rest.post('/customers', {}))
    expect([problem.status, explain(problem)]).toEqual([503, '暂时无法检查文件'])
    expect(explain(new Problem(503, { request_id: 'r-1' }))).toBe('problem.serverWithId')
  })

  it('of a proxy is a problem too', async () => {
    server.use(http.get(customers, () => new HttpResponse('<html>bad gateway</html>', { status: 502 })))
    const problem = await refusal(rest.get('/customers'))
    expect([problem.status, problem.isUnavailable, problem.isExplained]).toEqual([502, true, false])
  })

  it('by silence says so, and the next answer says that we are back', async () => {
    const back = vi.fn()
    const stop = onBackOnline(back)
    server.use(http.get(customers, () => HttpResponse.error()))
    expect((await refusal(rest.get('/customers'))).status).toBe(0)
    expect(isReachable.value).toBe(false)
    server.use(http.get(customers, () => HttpResponse.json({ data: [] })))
    await rest.get('/customers')
    expect(isReachable.value).toBe(true)
    expect(back).toHaveBeenCalledOnce()
    stop()
  })
})
