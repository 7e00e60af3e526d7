/** A record as the API sends it: only what a journey asks for is looked at. */
export type Row = Record<string, unknown> & { id: number; version: number; name: string }
/** A list as the API sends it. */
export interface Page {
  data: Row[]
  meta: { total: number }
}

interface SignedIn {
  access_token: string
  user: { id: number }
}

/** An access token lives a quarter of an hour; a worker may run journeys for longer. */
const renewAfter = 10 * 60_000

/** Somebody who speaks to the REST API, as an integrator would. */
export class Api {
  private constructor(
    private readonly url: string,
    private readonly signIn: () => Promise<SignedIn>,
    private token: string,
    /** The signed-in person's id. */
    readonly userId: number,
    private signedInAt = Date.now(),
  ) {}

  /** Signs in. */
  static async signIn(url: string, email: string, password: string): Promise<Api> {
    const signIn = () => send<SignedIn>(url, 'POST', '/auth/login', { email, password })
    const answer = await signIn()
    return new Api(url, signIn, answer.access_token, answer.user.id)
  }

  /** Sends a request below `/api/v1`; an answer that is no success is a fault. */
  async call<T = Row>(method: string, path: string, body?: unknown): Promise<T> {
    if (Date.now() - this.signedInAt > renewAfter) {
      this.signedInAt = Date.now()
      this.token = (await this.signIn()).access_token
    }
    return send<T>(this.url, method, path, body, this.token)
  }

  /** GET. */
  get<T = Row>(path: string): Promise<T> {
    return this.call<T>('GET', path)
  }

  /** POST. */
  post<T = Row>(path: string, body: unknown = {}): Promise<T> {
    return this.call<T>('POST', path, body)
  }

  /** PATCH. */
  patch<T = Row>(path: string, body: unknown): Promise<T> {
    return this.call<T>('PATCH', path, body)
  }

  /** Posts many, a few at a time, in any order. */
  async postAll<T = Row>(path: string, bodies: readonly unknown[], atOnce = 4): Promise<T[]> {
    const made: T[] = []
    let next = 0
    const walk = async (): Promise<void> => {
      while (next < bodies.length) {
        const at = next
        next += 1
        made[at] = await this.post<T>(path, bodies[at])
      }
    }
    await Promise.all(Array.from({ length: atOnce }, walk))
    return made
  }
}

async function send<T>(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  token?: string,
  tries = 4,
): Promise<T> {
  const answer = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: {
      'Accept-Language': 'en',
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(token ? { Authorization: `Bearer ${token}` } : {}),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  // Many writers at once wait for each other; who is asked to come back does so, as any client should.
  const pause = answer.headers.get('Retry-After')
  if (answer.status === 503 && pause !== null && tries > 1) {
    await new Promise((resolve) => setTimeout(resolve, Number(pause) * 1000))
    return send(url, method, path, body, token, tries - 1)
  }
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
  return (text ? JSON.parse(text) : undefined) as T
}
