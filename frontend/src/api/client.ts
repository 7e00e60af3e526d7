import createClient, { type Middleware } from 'openapi-fetch'
import { reportReachable } from './connectivity'
import { randomKey } from './key'
import { Problem, problemOf } from './problem'
import type { paths } from './schema'
import { rememberEtag } from './versions'

/** Where every route of the contract begins. */
export const prefix = '/api/v1'

/** Who signs the requests: filled in by the session, which this room does not know. */
export interface Credentials {
  /** A token that is good now, renewed first when it has run out; null when nobody is signed in. */
  token(): Promise<string | null>
  /** Called after a 401: resolves true when a newer token than `stale` is there. */
  renew(stale: string | null): Promise<boolean>
  /** The language for the server's sentences. */
  language(): string
  /** Called when a request was refused because the person has to set a second factor up first. */
  lackSecondFactor?(): void
}

let credentials: Credentials = {
  token: () => Promise.resolve(null),
  renew: () => Promise.resolve(false),
  language: () => 'en',
}

/** Binds the session to the client. */
export function authorise(source: Credentials): void {
  credentials = source
}

/** Who signs, for the few requests that do not go out by the client. */
export const credentialsNow = (): Credentials => credentials

// These answer 401 for reasons of their own; renewing the token would not help them.
const unsigned = /\/auth\/(login|refresh|logout|password\/(forgot|reset)|sso\/\w+\/(start|finish))$/

async function send(request: Request): Promise<Response> {
  try {
    const response = await fetch(request)
    reportReachable(response.status !== 502 && response.status !== 504)
    return response
  } catch (fault) {
    if (request.signal.aborted) throw fault
    reportReachable(false)
    throw new Problem(0)
  }
}

const tries = 3
const longestWait = 5

/** Sends again what the server asks to be sent again: busy for a moment, it has done nothing of it. */
async function sendPatiently(request: Request): Promise<Response> {
  for (let left = tries - 1; ; left -= 1) {
    const again = left > 0 ? request.clone() : null
    const response = await send(request)
    const wait = Number(response.headers.get('Retry-After') ?? Infinity)
    if (response.status !== 503 || !again || !(wait <= longestWait)) return response
    await new Promise((resolve) => setTimeout(resolve, wait * 1_000))
    if (again.signal.aborted) return response
    request = again
  }
}

async function signedFetch(request: Request): Promise<Response> {
  if (unsigned.test(new URL(request.url).pathname)) return send(request)
  // A body can be read once only: the spare is what goes out after a renewal.
  const spare = request.clone()
  const token = await credentials.token()
  if (token) request.headers.set('Authorization', `Bearer ${token}`)
  const response = await sendPatiently(request)
  if (response.status !== 401 || !(await credentials.renew(token))) return response
  const renewed = await credentials.token()
  if (renewed) spare.headers.set('Authorization', `Bearer ${renewed}`)
  return sendPatiently(spare)
}

/** Reads a refusal; one that is about the person, not about the request, is told to the session too. */
export async function refusalOf(response: Response): Promise<Problem> {
  const problem = await problemOf(response)
  if (problem.slug === 'second-factor-required') credentials.lackSecondFactor?.()
  return problem
}

const contract: Middleware = {
  onRequest({ request }) {
    request.headers.set('Accept-Language', credentials.language())
    if (request.method === 'POST' && !request.headers.has('Idempotency-Key')) {
      request.headers.set('Idempotency-Key', randomKey())
    }
    return request
  },
  async onResponse({ request, response }) {
    if (!response.ok) throw await refusalOf(response)
    const etag = response.headers.get('ETag')
    if (etag) rememberEtag(new URL(request.url).pathname, etag)
  },
}

/** The typed client of the generated contract. A refusal is thrown as {@link Problem}. */
export const client = createClient<paths>({
  baseUrl: globalThis.location.origin,
  fetch: signedFetch,
  credentials: 'same-origin',
})
client.use(contract)

/** Takes the body out of an answer; refusals have been thrown by then. */
export async function bodyOf<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T
}
