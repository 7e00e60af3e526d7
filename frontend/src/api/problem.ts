/** One fault of a request: where it is (`#/lines/0/quantity` or a query parameter) and what is wrong. */
export interface FieldError {
  pointer?: string
  parameter?: string
  code: string
  detail: string
}

interface ProblemBody {
  type?: string
  title?: string
  status?: number
  detail?: string
  request_id?: string
  errors?: FieldError[]
  [extra: string]: unknown
}

/** Any refusal of the server (RFC 9457), or a request that never reached it (status 0). */
export class Problem extends Error {
  override readonly name = 'Problem'

  /**
   * @param status HTTP status; 0 when there was no answer at all.
   * @param body The problem document as sent, empty when there was none.
   * @param retryAfterSeconds What `Retry-After` asked for, if anything.
   */
  constructor(
    readonly status: number,
    readonly body: ProblemBody = {},
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(body.detail ?? body.title ?? `HTTP ${status}`)
  }

  /** The last segment of `type`: stable English, `stale-version`, `otp-required`, ... */
  get slug(): string {
    return this.body.type?.split('/').pop() ?? ''
  }

  /** The faults of single fields. */
  get errors(): FieldError[] {
    return this.body.errors ?? []
  }

  /** Number to quote to an administrator. */
  get requestId(): string | null {
    return this.body.request_id ?? null
  }

  /** True when the server was not reached or could not serve: trying again later may work. */
  get isUnavailable(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504
  }

  /** True when a sentence written by our server is at hand (a proxy's answer has none). */
  get isExplained(): boolean {
    return Boolean(this.body.detail ?? this.body.title)
  }
}

function seconds(header: string | null): number | null {
  if (!header) return null
  const plain = Number(header)
  if (Number.isFinite(plain)) return Math.max(0, Math.ceil(plain))
  const until = Date.parse(header)
  return Number.isNaN(until) ? null : Math.max(0, Math.ceil((until - Date.now()) / 1000))
}

/** Reads a refusal; whatever the body is, the result is a {@link Problem}. */
export async function problemOf(response: Response): Promise<Problem> {
  const retryAfter = seconds(response.headers.get('Retry-After'))
  const text = await response.text().catch(() => '')
  try {
    const body: unknown = JSON.parse(text)
    if (typeof body === 'object' && body !== null) {
      return new Problem(response.status, body as ProblemBody, retryAfter)
    }
  } catch {
    // An HTML page of a proxy, or nothing: the status alone speaks.
  }
  return new Problem(response.status, {}, retryAfter)
}
