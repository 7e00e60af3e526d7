/** A record as the API sends it: only what a journey asks for is looked at. */
export type Row = Record<string, unknown> & { id: number; version: number; name: string }
/** A list as the API sends it. */
export interface Page {
  data: Row[]
  meta: { total: number }
}

/** Somebody who speaks to the REST API, as an integrator would. */
export class Api {
  private constructor(
    private readonly url: string,
    private readonly token: string,
    /** The signed-in person's id. */
    readonly userId: number,
  ) {}

  /** Signs in. */
  static async signIn(url: string, email: string, password: string): Promise<Api> {
    const answer = await send<{ access_token: string; user: { id: number } }>(url, 'POST', '/auth/login', {
      email,
      password,
    })
    return new Api(url, answer.access_token, answer.user.id)
  }

  /** Sends a request below `/api/v1`; an answer that is no success is a fault. */
  call<T = Row>(method: string, path: string, body?: unknown): Promise<T> {
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
