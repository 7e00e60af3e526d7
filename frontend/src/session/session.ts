import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import { authorise, bodyOf, client, prefix } from '@/api/client'
import { Problem } from '@/api/problem'
import type { Me, TokenAnswer } from '@/api/types'
import { forgetEtags } from '@/api/versions'
import { clearDrafts } from '@/ui/drafts'
import { readStored, removeStored, writeStored } from '@/ui/storage'
import { usePreferences, type LocaleName } from './preferences'
import { tabLock } from './tabLock'
import { TokenKeeper } from './tokens'

/**
 * `unknown` until the first renewal was tried, `expired` while the in-place sign-in stands over the page.
 */
export type SessionStatus = 'unknown' | 'anonymous' | 'active' | 'expired'

/** What the sign-in form sends. */
export interface SignInInput {
  email: string
  password: string
  remember: boolean
  otp?: string
}

// Only says that a renewal is worth trying; it opens nothing.
const hintName = 'signed-in'
const cookieHeaders = { 'X-Requested-With': 'lianxi' }

/** Who is signed in, and what this person may do. */
export const useSession = defineStore('session', () => {
  const preferences = usePreferences()
  const status = ref<SessionStatus>('unknown')
  const user = shallowRef<Me | null>(null)
  watch(user, (person) => {
    const name = person?.language
    if (name === 'zh-CN' || name === 'en') preferences.accountLocale = name
  })
  const tokenListeners = new Set<(token: string) => void>()
  let resume: ((signedIn: boolean) => void)[] = []

  const keeper = new TokenKeeper({
    async refresh() {
      const answer = await bodyOf(client.POST(`${prefix}/auth/refresh`, { headers: cookieHeaders }))
      user.value = answer.user
      return answer
    },
    lock: tabLock('lianxi-refresh'),
    share: typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('lianxi-session'),
  })
  keeper.onToken = (token) => {
    for (const listener of tokenListeners) listener(token)
  }
  keeper.onSignedOutElsewhere = () => leave()
  // Nothing of the former person may stay on an open page.
  keeper.onOtherPerson = () => location.reload()

  const permissions = computed(() => new Set(user.value?.permissions ?? []))

  /** Whether the person's role allows an action (`deal:write`), or one of several; for one record see its `can_write`. */
  function can(permission: string | readonly string[]): boolean {
    return [permission].flat().some((one) => permissions.value.has(one))
  }

  function release(signedIn: boolean): void {
    const waiting = resume
    resume = []
    for (const go of waiting) go(signedIn)
  }

  function leave(): void {
    keeper.drop(false)
    removeStored(hintName)
    user.value = null
    status.value = 'anonymous'
    forgetEtags()
    release(false)
  }

  let isAsking = false
  /** Reads the person anew, whose rights or duties may be others by now. */
  async function loadMe(): Promise<void> {
    user.value = await bodyOf(client.GET(`${prefix}/auth/me`))
  }

  /** Gets a new token; when the session is over, waits until the person has signed in again in place. */
  async function renew(stale: string | null): Promise<boolean> {
    if (status.value !== 'expired') {
      const outcome = await keeper.renew(stale)
      if (outcome === 'renewed') return true
      if (outcome instanceof Problem) throw outcome
      if (status.value !== 'active') return false
      status.value = 'expired'
    }
    return new Promise((resolve) => resume.push(resolve))
  }

  authorise({
    renew,
    async token() {
      if (status.value === 'expired') await renew(keeper.current)
      else if (keeper.current && !keeper.isFresh) await renew(keeper.current)
      return keeper.current
    },
    language: () => preferences.locale,
    lackSecondFactor() {
      if (user.value?.needs_second_factor || isAsking) return
      isAsking = true
      // What is told here is told again with the next refusal.
      void loadMe()
        .catch(() => undefined)
        .finally(() => (isAsking = false))
    },
  })

  /** Tries to go on with the session of this browser; called once, before the first route. */
  async function restore(): Promise<void> {
    if (!readStored<boolean>(hintName)) {
      status.value = 'anonymous'
      return
    }
    const outcome = await keeper.renew(null)
    if (outcome instanceof Problem) throw outcome
    if (outcome === 'refused') return leave()
    // Another tab may have brought the token; it does not bring the person.
    if (!user.value) await loadMe()
    status.value = 'active'
  }

  /** Signs in. The refresh token travels in a cookie that scripts cannot read. */
  async function signIn(input: SignInInput): Promise<void> {
    enter(await bodyOf(client.POST(`${prefix}/auth/login`, { body: { ...input, session: 'cookie' } })))
  }

  /** Goes on as the person whom an answer with tokens names. */
  function enter(answer: TokenAnswer & { user: Me }): void {
    keeper.accept(answer)
    user.value = answer.user
    status.value = 'active'
    writeStored(hintName, true)
    release(true)
  }

  /** Ends the session here and in the other tabs. */
  async function signOut(): Promise<void> {
    try {
      await client.POST(`${prefix}/auth/logout`, {
        headers: {
          ...cookieHeaders,
          ...(keeper.current ? { Authorization: `Bearer ${keeper.current}` } : {}),
        },
      })
    } catch {
      // The person wants to go: the tab forgets the token even when the server is not there to hear it.
    }
    keeper.drop(true)
    clearDrafts()
    leave()
  }

  /** Changes the password; ends the person's other sessions. */
  async function changePassword(current: string, next: string): Promise<void> {
    await client.POST(`${prefix}/auth/password`, { body: { current_password: current, new_password: next } })
    await loadMe()
  }

  /** Stores a choice of the person with the account. */
  async function updateMe(changes: {
    language?: LocaleName
    time_zone?: string
    wants_digest?: boolean
  }): Promise<void> {
    user.value = await bodyOf(client.PATCH(`${prefix}/auth/me`, { body: changes }))
  }

  return {
    status,
    user,
    can,
    restore,
    loadMe,
    signIn,
    enter,
    signOut,
    changePassword,
    updateMe,
    renew,
    /** The access token for the live connection. */
    accessToken: () => keeper.current,
    /** Calls back with each new token. Returns the way to stop. */
    onToken(listener: (token: string) => void): () => void {
      tokenListeners.add(listener)
      return () => tokenListeners.delete(listener)
    },
    /** Gives up the in-place sign-in: waiting requests fail and the sign-in page comes. */
    abandon: leave,
  }
})
