import { createPinia, setActivePinia } from 'pinia'
import { http, HttpResponse } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { Problem } from '@/api/problem'
import { rest } from '@/api/rest'
import { setLocale } from '@/i18n/i18n'
import { showUnreachable } from '@/layout/unreachable'
import { browserLocale, usePreferences } from '@/session/preferences'
import { safeReturnPath } from '@/session/returnPath'
import { useSession } from '@/session/session'
import { electionLock, type Channel } from '@/session/tabLock'
import { TokenKeeper } from '@/session/tokens'

/** A BroadcastChannel of several "tabs" in one process: everyone but the sender hears, a moment later. */
class Room {
  private readonly members: { owner: object; listener: (event: { data: unknown }) => void }[] = []

  join(): Channel {
    const owner = {}
    return {
      postMessage: (data) => {
        for (const member of this.members)
          if (member.owner !== owner) setTimeout(() => member.listener({ data }), 1)
      },
      addEventListener: (_type, listener) => this.members.push({ owner, listener }),
    }
  }
}

describe('the election lock', () => {
  const times = { objection: 20, patience: 400 }

  it('lets one tab in at a time', async () => {
    const room = new Room()
    // A busy machine answers late: nobody may pass for closed because of it.
    const patient = { objection: 150, patience: 5_000 }
    const locks = Array.from({ length: 5 }, () => electionLock(room.join(), patient))
    let inside = 0
    let most = 0
    const task = async (): Promise<void> => {
      inside += 1
      most = Math.max(most, inside)
      await new Promise((resolve) => setTimeout(resolve, 15))
      inside -= 1
    }
    await Promise.all(locks.map((lock) => lock(task)))
    expect(most).toBe(1)
  })

  it('gets past a holder that was closed', async () => {
    const room = new Room()
    const dead = electionLock(room.join(), times)
    void dead(() => new Promise(() => undefined))
    await new Promise((resolve) => setTimeout(resolve, 40))
    await expect(electionLock(room.join(), times)(() => Promise.resolve('in'))).resolves.toBe('in')
  })

  it('frees itself when the task fails', async () => {
    const lock = electionLock(new Room().join(), times)
    await expect(lock(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
    await expect(lock(() => Promise.resolve(1))).resolves.toBe(1)
  })
})

describe('the token keeper', () => {
  const answer = (token: string): { access_token: string; expires_in: number } => ({
    access_token: token,
    expires_in: 900,
  })
  const alone = <T>(task: () => Promise<T>): Promise<T> => task()

  it('renews once for many callers', async () => {
    const refresh = vi.fn(() => Promise.resolve(answer('b')))
    const keeper = new TokenKeeper({ refresh, lock: alone, share: null })
    keeper.accept(answer('a'))
    const outcomes = await Promise.all([keeper.renew('a'), keeper.renew('a'), keeper.renew('a')])
    expect(outcomes).toEqual(['renewed', 'renewed', 'renewed'])
    expect(refresh).toHaveBeenCalledOnce()
    expect(await keeper.renew('a')).toBe('renewed')
    expect(refresh).toHaveBeenCalledOnce()
    expect(keeper.current).toBe('b')
  })

  it('takes the token of another tab instead of renewing', async () => {
    const room = new Room()
    const refresh = vi.fn(() => Promise.resolve(answer('never')))
    const other = new TokenKeeper({
      refresh: () => Promise.resolve(answer('new')),
      lock: alone,
      share: room.join(),
    })
    const waitForShare = async <T>(task: () => Promise<T>): Promise<T> => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      return task()
    }
    const keeper = new TokenKeeper({ refresh, lock: waitForShare, share: room.join() })
    keeper.accept(answer('old'))
    const mine = keeper.renew('old')
    await other.renew('old')
    expect(await mine).toBe('renewed')
    expect([keeper.current, refresh.mock.calls.length]).toEqual(['new', 0])
  })

  it.each([400, 401, 403, 409, 422])('takes %i for a refusal', async (status) => {
    const refresh = () => Promise.reject(new Problem(status))
    expect(await new TokenKeeper({ refresh, lock: alone, share: null }).renew(null)).toBe('refused')
  })

  it.each([0, 429, 500, 502, 503, 507])('keeps the reason of %i, which refuses nobody', async (status) => {
    const fault = new Problem(status, { request_id: 'abc' }, 7)
    const keeper = new TokenKeeper({ refresh: () => Promise.reject(fault), lock: alone, share: null })
    expect(await keeper.renew(null)).toBe(fault)
  })

  it('takes an answer that it cannot read for a server that is away', async () => {
    const refresh = () => Promise.reject(new SyntaxError('<html>'))
    const keeper = new TokenKeeper({ refresh, lock: alone, share: null })
    expect(await keeper.renew(null)).toMatchObject({ name: 'Problem', status: 0 })
  })

  it('notices that the browser has changed hands', () => {
    const of = (sub: string, salt: string): string => `h.${btoa(JSON.stringify({ sub, salt }))}.s`
    const keeper = new TokenKeeper({
      refresh: () => Promise.reject(new Problem(0)),
      lock: alone,
      share: null,
    })
    keeper.onOtherPerson = vi.fn()
    keeper.accept(answer(of('3', 'a')))
    keeper.accept(answer(of('3', 'b')))
    expect(keeper.onOtherPerson).not.toHaveBeenCalled()
    keeper.accept(answer(of('4', 'c')))
    expect(keeper.onOtherPerson).toHaveBeenCalledOnce()
  })

  it('is no longer fresh shortly before its end', () => {
    let now = 0
    const keeper = new TokenKeeper({
      refresh: () => Promise.reject(new Problem(0)),
      lock: alone,
      share: null,
      now: () => now,
    })
    keeper.accept(answer('a'))
    expect(keeper.isFresh).toBe(true)
    now = 895_000
    expect(keeper.isFresh).toBe(false)
  })
})

describe('the way back after signing in', () => {
  it.each([
    ['/customers/3?q=a#x', '/customers/3?q=a#x'],
    ['//evil.example', '/'],
    ['/\\evil.example', '/'],
    ['https:evil.example', '/'],
    ['https://evil.example/', '/'],
    ['javascript:alert(1)', '/'],
    ['/\t/evil.example', '/'],
    ['/login?next=/login', '/'],
    [['/a', '/b'], '/'],
    [undefined, '/'],
  ])('%j leads to %s', (next, path) => {
    expect(safeReturnPath(next, 'http://localhost:5000')).toBe(path)
  })
})

describe('the session', () => {
  const me = {
    id: 3,
    name: '李雷',
    permissions: ['customer:write'],
    language: 'zh-CN',
    must_change_password: false,
  }
  const server = setupServer()
  beforeAll(() => server.listen({ onUnhandledRequest: 'error' }))
  afterEach(() => server.resetHandlers())
  afterAll(() => server.close())
  beforeEach(() => setActivePinia(createPinia()))

  const login = (person: object = me) => [
    http.post('*/api/v1/auth/login', async ({ request }) => {
      const body = (await request.json()) as Record<string, unknown>
      return body['password'] === 'right' && body['session'] === 'cookie'
        ? HttpResponse.json({ access_token: 't1', expires_in: 900, user: person })
        : HttpResponse.json({ status: 401, detail: 'no' }, { status: 401 })
    }),
    http.get('*/api/v1/auth/me', () => HttpResponse.json(person)),
  ]

  it('asks nothing for a browser that never signed in', async () => {
    const session = useSession()
    await session.restore()
    expect(session.status).toBe('anonymous')
  })

  it('signs in, knows the rights, and is restored by the cookie after a reload', async () => {
    server.use(
      ...login(),
      http.post('*/api/v1/auth/refresh', ({ request }) =>
        request.headers.get('X-Requested-With') === 'lianxi'
          ? HttpResponse.json({ access_token: 't2', expires_in: 900, user: me })
          : HttpResponse.json({}, { status: 401 }),
      ),
    )
    const session = useSession()
    await session.signIn({ email: 'a@b.c', password: 'right', remember: false })
    expect([session.status, session.can('customer:write'), session.can('user:write')]).toEqual([
      'active',
      true,
      false,
    ])
    expect(JSON.stringify(localStorage)).not.toContain('t1')

    setActivePinia(createPinia())
    const reloaded = useSession()
    await reloaded.restore()
    expect([reloaded.status, reloaded.user?.name, reloaded.accessToken()]).toEqual(['active', '李雷', 't2'])
  })

  it('holds a refused request until the person signed in again in place', async () => {
    let accepted = 't1'
    server.use(
      ...login(),
      http.post('*/api/v1/auth/refresh', () => HttpResponse.json({}, { status: 401 })),
      http.post('*/api/v1/contacts', async ({ request }) =>
        request.headers.get('Authorization') === `Bearer ${accepted}`
          ? HttpResponse.json({ id: 9, ...((await request.json()) as object) }, { status: 201 })
          : HttpResponse.json({}, { status: 401 }),
      ),
    )
    const session = useSession()
    await session.signIn({ email: 'a@b.c', password: 'right', remember: false })
    accepted = 'none'
    const saving = rest.post('/contacts', { content: '已沟通' })
    await vi.waitFor(() => expect(session.status).toBe('expired'))
    accepted = 't1'
    await session.signIn({ email: 'a@b.c', password: 'right', remember: false })
    await expect(saving).resolves.toEqual({ id: 9, content: '已沟通' })
  })

  it.each([429, 500])(
    'does not sign out, and says why, where a renewal is answered with %i',
    async (status) => {
      const slug = status === 429 ? 'too-many-requests' : 'internal'
      const body = { type: `/problems/${slug}`, status, title: 'No', request_id: 'abc' }
      server.use(
        ...login(),
        http.post('*/api/v1/auth/refresh', () =>
          HttpResponse.json(body, { status, headers: { 'Retry-After': '7' } }),
        ),
        http.get('*/api/v1/customers', () => HttpResponse.json({ status: 401 }, { status: 401 })),
      )
      const session = useSession()
      await session.signIn({ email: 'a@b.c', password: 'right', remember: false })
      await expect(rest.get('/customers')).rejects.toMatchObject({ status, slug, retryAfterSeconds: 7 })
      expect(session.status).toBe('active')

      setActivePinia(createPinia())
      const reloaded = useSession()
      await expect(reloaded.restore()).rejects.toMatchObject({ status, retryAfterSeconds: 7 })
      expect(reloaded.status).toBe('unknown')
    },
  )

  it('reads the person anew, once, who is refused for want of a second factor', async () => {
    let needs = false
    let asked = 0
    server.use(
      http.get('*/api/v1/auth/me', () => {
        asked += 1
        return HttpResponse.json({ ...me, needs_second_factor: needs })
      }),
      ...login(),
      http.get('*/api/v1/customers', () =>
        HttpResponse.json({ type: '/problems/second-factor-required', status: 403 }, { status: 403 }),
      ),
      http.get('*/api/v1/deals', () =>
        HttpResponse.json({ type: '/problems/forbidden', status: 403 }, { status: 403 }),
      ),
    )
    const session = useSession()
    await session.signIn({ email: 'a@b.c', password: 'right', remember: false })
    await expect(rest.get('/deals')).rejects.toMatchObject({ status: 403 })
    expect(asked).toBe(0)
    needs = true
    const refused = { slug: 'second-factor-required' }
    await Promise.all([1, 2, 3].map(() => expect(rest.get('/customers')).rejects.toMatchObject(refused)))
    await vi.waitFor(() => expect(session.user?.needs_second_factor).toBe(true))
    await expect(rest.get('/customers')).rejects.toMatchObject(refused)
    expect([asked, session.status]).toEqual([1, 'active'])
  })

  it('lets the waiting request fail when the person gives up', async () => {
    server.use(
      ...login(),
      http.post('*/api/v1/auth/refresh', () => HttpResponse.json({}, { status: 401 })),
      http.get('*/api/v1/customers', () => HttpResponse.json({ status: 401 }, { status: 401 })),
    )
    const session = useSession()
    await session.signIn({ email: 'a@b.c', password: 'right', remember: false })
    const loading = rest.get('/customers')
    await vi.waitFor(() => expect(session.status).toBe('expired'))
    session.abandon()
    await expect(loading).rejects.toMatchObject({ status: 401 })
    expect([session.status, session.user]).toEqual(['anonymous', null])
  })

  it('forgets the person at sign-out even when the server is away', async () => {
    server.use(
      ...login(),
      http.post('*/api/v1/auth/logout', () => HttpResponse.error()),
    )
    const session = useSession()
    await session.signIn({ email: 'a@b.c', password: 'right', remember: false })
    await session.signOut()
    expect([session.status, session.accessToken(), localStorage.length]).toEqual([
      'anonymous',
      null,
      expect.any(Number),
    ])
    expect(localStorage.getItem('lianxi.signed-in')).toBeNull()
  })
})

describe('the page that stands where the session cannot be taken up', () => {
  const shown = async (fault: Problem, attempt = 0): Promise<{ text: string; done: Promise<void> }> => {
    document.body.innerHTML = '<div id="app"></div>'
    const done = showUnreachable(fault, attempt)
    await vi.advanceTimersByTimeAsync(0)
    return { text: document.body.textContent, done }
  }
  const ended = async (done: Promise<void>): Promise<boolean> =>
    Promise.race([done.then(() => true), Promise.resolve(false)])
  beforeEach(async () => {
    await setLocale('en')
    vi.useFakeTimers()
  })
  afterEach(() => vi.useRealTimers())

  it('says what is the matter', async () => {
    expect((await shown(new Problem(0))).text).toContain('The server cannot be reached.')
    expect((await shown(new Problem(500, { request_id: 'abc' }))).text).toContain('Reference abc')
    expect((await shown(new Problem(429, {}, 40))).text).toContain('Too many requests. Try again in 40 s.')
  })

  it('waits as long as it was asked to, counts down, and tries again by itself', async () => {
    const { text, done } = await shown(new Problem(429, {}, 40))
    expect(text).toContain('Trying again by itself in 40 s.')
    await vi.advanceTimersByTimeAsync(38_000)
    expect(document.body.textContent).toContain('Trying again by itself in 2 s.')
    expect(await ended(done)).toBe(false)
    await vi.advanceTimersByTimeAsync(2_000)
    await done
    expect(document.body.textContent).toBe('')
  })

  it('waits longer from attempt to attempt where nothing was asked for, and not for who is impatient', async () => {
    expect((await shown(new Problem(0), 0)).text).toContain('in 2 s.')
    const { text, done } = await shown(new Problem(503), 9)
    expect(text).toContain('in 15 s.')
    document.querySelector('button')?.click()
    await done
    expect(vi.getTimerCount()).toBeLessThan(3)
  })
})

describe('the language', () => {
  it('is the account’s until somebody chooses on this device', () => {
    setActivePinia(createPinia())
    const preferences = usePreferences()
    preferences.accountLocale = 'zh-CN'
    expect(preferences.locale).toBe('zh-CN')
    preferences.theme = 'dark'
    setActivePinia(createPinia())
    expect(usePreferences().locale).toBe(browserLocale())
    usePreferences().locale = 'zh-CN'
    usePreferences().accountLocale = 'en'
    expect(usePreferences().locale).toBe('zh-CN')
    setActivePinia(createPinia())
    expect(usePreferences().locale).toBe('zh-CN')
  })
})
