import { onScopeDispose, ref, toValue, watch, type MaybeRefOrGetter, type Ref } from 'vue'
import type { Link } from '@/api/types'
import type { LiveConnection } from './connection'

interface PresenceMessage {
  resource: string
  id: number
  users: Link[]
}

/** Who looks at which record, kept over reconnects. */
export class Presence {
  private readonly seen = new Map<string, { users: Ref<Link[]>; holders: number }>()

  constructor(
    private readonly connection: LiveConnection,
    private readonly me: () => number | null,
  ) {
    connection.onReady(() => {
      for (const key of this.seen.keys()) this.ask(key)
    })
    connection.on('presence', (payload) => {
      const { resource, id, users } = payload as PresenceMessage
      this.put(`${resource}:${id}`, users)
    })
  }

  /** Watches a record (`customer`, 7); several places on one page share one watch. */
  watch(resource: string, id: number): Ref<Link[]> {
    const key = `${resource}:${id}`
    const entry = this.seen.get(key) ?? { users: ref<Link[]>([]), holders: 0 }
    this.seen.set(key, entry)
    entry.holders += 1
    if (entry.holders === 1) this.ask(key)
    return entry.users
  }

  /** Ends one watch; the last one tells the server. */
  unwatch(resource: string, id: number): void {
    const key = `${resource}:${id}`
    const entry = this.seen.get(key)
    if (!entry || --entry.holders > 0) return
    this.seen.delete(key)
    this.connection.send('unwatch', { resource, id })
  }

  private ask(key: string): void {
    const at = key.lastIndexOf(':')
    const target = { resource: key.slice(0, at), id: Number(key.slice(at + 1)) }
    this.connection.send('watch', target, (reply) => {
      const users = (reply as { users?: Link[] } | null)?.users
      if (users) this.put(key, users)
    })
  }

  private put(key: string, users: Link[]): void {
    const entry = this.seen.get(key)
    const unique = new Map(users.filter((user) => user.id !== this.me()).map((user) => [user.id, user]))
    if (entry) entry.users.value = [...unique.values()]
  }
}

/**
 * The colleagues who look at the same record, for as long as the component lives.
 *
 * @param resource As in events: `customer`, `deal`.
 */
export function usePresence(
  presence: Presence | null,
  resource: string,
  id: MaybeRefOrGetter<number | null>,
): Readonly<Ref<readonly Link[]>> {
  const users = ref<readonly Link[]>([])
  let stop: () => void = () => undefined
  watch(
    () => toValue(id),
    (now) => {
      stop()
      users.value = []
      if (now === null || !presence) return
      const source = presence.watch(resource, now)
      const end = watch(source, (value) => (users.value = value), { immediate: true })
      stop = () => {
        end()
        presence.unwatch(resource, now)
        stop = () => undefined
      }
    },
    { immediate: true },
  )
  onScopeDispose(() => stop())
  return users
}
