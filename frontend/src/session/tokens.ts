import { Problem } from '@/api/problem'
import type { TabLock } from './tabLock'

/** How a renewal ended: a problem says why it could not be tried now, and refuses nobody. */
export type Renewal = 'renewed' | 'refused' | Problem

/** The part of a sign-in's or renewal's answer that is kept here. */
export interface Granted {
  access_token: string
  expires_in: number
}

interface Held {
  token: string
  expiresAt: number
}

interface Share {
  postMessage(message: unknown): void
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void
}

/** What {@link TokenKeeper} needs from outside. */
export interface TokenKeeperParts {
  /** Asks the server for new tokens by the refresh cookie. */
  refresh(): Promise<Granted>
  lock: TabLock
  /** Carries fresh tokens and sign-outs to the other tabs; null where there is no channel. */
  share: Share | null
  now?: () => number
}

/** Whose token it is, as far as that can be read; the server alone judges the token itself. */
function subjectOf(token: string): string | null {
  try {
    const payload = token.split('.')[1] ?? ''
    const claims = JSON.parse(atob(payload.replace(/-/g, '+').replace(/_/g, '/'))) as { sub?: unknown }
    return claims.sub == null ? null : String(claims.sub)
  } catch {
    return null
  }
}

/** Whether the server judged the session; throttled or at fault it has not, and nobody is signed out for that. */
function refuses({ status }: Problem): boolean {
  return status >= 400 && status < 500 && status !== 429
}

/** A token that ends within this time is renewed before it is used. */
const margin = 10_000

/**
 * Holds the access token, in memory and nowhere else, and renews it.
 *
 * A refresh token works once and its reuse revokes the whole family, so renewals are serialised: within
 * the tab by one promise, over tabs by a lock. A tab that renewed hands its token to the others, which
 * spares them a renewal of their own.
 */
export class TokenKeeper {
  private held: Held | null = null
  private running: Promise<Renewal> | null = null
  private readonly now: () => number
  /** Called when this tab has another token than before. */
  onToken: (token: string) => void = () => undefined
  /** Called when another tab signed out. */
  onSignedOutElsewhere: () => void = () => undefined
  /** Called when this browser now belongs to another person (signed in in another tab). */
  onOtherPerson: () => void = () => undefined

  constructor(private readonly parts: TokenKeeperParts) {
    this.now = parts.now ?? Date.now
    parts.share?.addEventListener('message', (event) => {
      const word = event.data as { say: 'token'; held: Held } | { say: 'out' }
      if (word.say === 'token' && this.held) this.take(word.held)
      else if (word.say === 'out' && this.held) {
        this.held = null
        this.onSignedOutElsewhere()
      }
    })
  }

  /** The token as it is, good or not. */
  get current(): string | null {
    return this.held?.token ?? null
  }

  /** True when the token may be sent as it is. */
  get isFresh(): boolean {
    return this.held !== null && this.held.expiresAt - margin > this.now()
  }

  /** Keeps what a sign-in or a renewal answered. */
  accept(answer: Granted): void {
    this.take({ token: answer.access_token, expiresAt: this.now() + answer.expires_in * 1000 })
    this.parts.share?.postMessage({ say: 'token', held: this.held })
  }

  /** Forgets the token here, and with `everywhere` in the other tabs too. */
  drop(everywhere: boolean): void {
    this.held = null
    if (everywhere) this.parts.share?.postMessage({ say: 'out' })
  }

  /** Gets a newer token than `stale`; callers at the same time share one renewal. */
  renew(stale: string | null): Promise<Renewal> {
    if (this.held && this.held.token !== stale && this.isFresh) return Promise.resolve('renewed')
    this.running ??= this.renewAlone(stale).finally(() => {
      this.running = null
    })
    return this.running
  }

  private renewAlone(stale: string | null): Promise<Renewal> {
    return this.parts.lock(async () => {
      // While we waited for the lock another tab may have brought a new token.
      if (this.held && this.held.token !== stale && this.isFresh) return 'renewed'
      try {
        this.accept(await this.parts.refresh())
        return 'renewed'
      } catch (fault) {
        // What cannot be read, such as the page of a network that wants a sign-in of its own, came from elsewhere.
        if (!(fault instanceof Problem)) return new Problem(0)
        return refuses(fault) ? 'refused' : fault
      }
    })
  }

  private take(held: Held): void {
    const former = this.held
    if (former?.token === held.token) return
    this.held = held
    if (former && subjectOf(former.token) !== subjectOf(held.token)) this.onOtherPerson()
    this.onToken(held.token)
  }
}
