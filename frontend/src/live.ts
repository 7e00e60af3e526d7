import type { QueryClient } from '@tanstack/vue-query'
import { watch } from 'vue'
import { bodyOf, client, prefix } from '@/api/client'
import { LiveConnection, type LiveSocket } from '@/realtime/connection'
import { Presence } from '@/realtime/presence'
import type { Live } from '@/records/context'
import { LiveCache } from '@/records/live'
import { Undo } from '@/records/undo'
import { useSession } from '@/session/session'

/** Ties the live connection to the session and to the cache. */
export function createLive(queries: QueryClient): Live {
  const session = useSession()
  const cache = new LiveCache(queries)
  const connection = new LiveConnection({
    async open() {
      // The library is not needed for the first paint.
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
      const { io } = await import('socket.io-client')
      return io({
        path: '/socket.io',
        transports: ['websocket'],
        autoConnect: false,
        auth: (give) => give({ token: session.accessToken() }),
        reconnectionDelay: 500,
        reconnectionDelayMax: 10_000,
      }) as unknown as LiveSocket
    },
    events: (after) =>
      bodyOf(
        client.GET(`${prefix}/events`, { params: { query: after === null ? {} : { after, limit: 200 } } }),
      ),
    token: () => session.accessToken(),
    renew: () => session.renew(session.accessToken()),
    deliver(events, bulk) {
      cache.deliver(events, bulk)
      const me = session.user?.id
      if (me !== undefined && events.some(({ type }) => type.endsWith('_transferred')))
        void import('@/records/handedOver').then(({ tellHandedOver }) => tellHandedOver(events, me))
    },
    reset: () => cache.reset(),
  })
  session.onToken((token) => connection.authenticate(token))
  // A laptop that was asleep, a tab that was in the background: ask at once.
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden && connection.state.value !== 'off') void connection.catchUp()
  })
  const undo = new Undo(connection)
  // What one person did in this tab is not the next one's to take back.
  watch(
    () => session.user?.id,
    () => undo.clear(),
  )
  return { connection, cache, presence: new Presence(connection, () => session.user?.id ?? null), undo }
}
