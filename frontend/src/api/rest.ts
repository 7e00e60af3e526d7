import { client, prefix } from './client'
import { noteWrite, track, type Receipt } from './receipt'
import type { ListPage } from './types'
import { ifMatch } from './versions'

/** Values of a query string; a repeated key means or, null and undefined are left out. */
export type Query = Record<
  string,
  string | number | boolean | readonly (string | number)[] | null | undefined
>

interface WriteOptions {
  query?: Query
  /** The version that the user saw: sent as `If-Match`. */
  version?: number | null
  /** One key per intent: a retry sends the same again and cannot do it twice. */
  idempotencyKey?: string
  /** Takes down what was changed; null where it is to be taken down nowhere. Left out, the request is an act of its own. */
  receipt?: Receipt | null | undefined
  signal?: AbortSignal
}

type Untyped = (method: string, path: string, init: object) => Promise<{ data?: unknown; response: Response }>

// Lists and records of any resource share one road, whose path is only known when it is walked;
// their types come from the generated schemas by way of `ResourceMap`.
const request = client.request as unknown as Untyped

async function call<T>(method: string, path: string, options: WriteOptions & { body?: unknown }): Promise<T> {
  return (await send<T>(method, path, options)).data
}

async function send<T>(
  method: string,
  path: string,
  options: WriteOptions & { body?: unknown },
): Promise<{ data: T; response: Response }> {
  const headers: Record<string, string> = {}
  if (options.version != null) headers['If-Match'] = ifMatch(prefix + path, options.version)
  if (options.idempotencyKey) headers['Idempotency-Key'] = options.idempotencyKey
  const query = Object.entries(options.query ?? {}).filter(([, value]) => value != null && value !== '')
  const sent = request(method, prefix + path, {
    params: { query: Object.fromEntries(query) },
    headers,
    ...(options.body === undefined ? {} : { body: options.body }),
    ...(options.signal ? { signal: options.signal } : {}),
  })
  const { data, response } = await (method === 'get' || options.receipt === null ? sent : track(sent))
  if (options.receipt !== null) noteWrite(path, response.headers, options.receipt)
  return { data: data as T, response }
}

/** A page of a list, with the server's time beside it: it tells which events the page may know of. */
async function page<T>(path: string, query: Query, signal?: AbortSignal): Promise<ListPage<T>> {
  const { data, response } = await send<ListPage<T>>('get', path, { query, ...(signal ? { signal } : {}) })
  const answered = Date.parse(response.headers.get('Date') ?? '')
  return Number.isNaN(answered) ? data : { ...data, meta: { ...data.meta, answered_at: answered } }
}

/** Requests by path under `/api/v1`, for code that serves any resource. */
export const rest = {
  get: <T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> =>
    call('get', path, { query, signal }),
  page,
  post: <T>(path: string, body?: unknown, options: WriteOptions = {}): Promise<T> =>
    call('post', path, { ...options, body: body ?? {} }),
  patch: <T>(path: string, body: unknown, options: WriteOptions = {}): Promise<T> =>
    call('patch', path, { ...options, body }),
  put: <T>(path: string, body: unknown, options: WriteOptions = {}): Promise<T> =>
    call('put', path, { ...options, body }),
  delete: (path: string, options: WriteOptions = {}): Promise<void> => call('delete', path, options),
}
