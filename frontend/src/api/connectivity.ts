import { readonly, ref } from 'vue'

const reachable = ref(true)
const watchers = new Set<() => void>()

/**
 * Whether the last request reached the server.
 *
 * `navigator.onLine` is not asked: a laptop without any network still reaches a server of its own.
 */
export const isReachable = readonly(reachable)

/** Tells how a request went; called by the client alone. */
export function reportReachable(value: boolean): void {
  if (value === reachable.value) return
  reachable.value = value
  if (value) for (const watcher of [...watchers]) watcher()
}

/** Calls back each time that the server answers again. Returns the way to stop. */
export function onBackOnline(callback: () => void): () => void {
  watchers.add(callback)
  return () => watchers.delete(callback)
}
