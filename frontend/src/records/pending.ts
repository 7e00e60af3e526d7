import { shallowRef, type ShallowRef } from 'vue'
import type { AnyRecord } from '@/api/types'

const waiting = new Map<string, ShallowRef<ReadonlyMap<number, AnyRecord>>>()

/** Rows that wait to enter a list until the reader asks for them, by the hash of its query. */
export function pendingOf(queryHash: string): ShallowRef<ReadonlyMap<number, AnyRecord>> {
  let entry = waiting.get(queryHash)
  if (!entry) {
    entry = shallowRef(new Map())
    waiting.set(queryHash, entry)
  }
  return entry
}

/** Forgets the waiting rows of a list that is no longer held in the cache. */
export function forgetPending(queryHash: string): void {
  waiting.delete(queryHash)
}
