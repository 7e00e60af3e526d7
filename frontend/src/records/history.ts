import { shallowRef } from 'vue'
import type { Resource } from '@/api/types'

/** The record whose history is asked for. */
export interface HistoryOf {
  resource: Resource
  id: number
  name?: string | undefined
}

/** The record whose history is shown; the shell shows it as a dialog. */
export const openHistory = shallowRef<HistoryOf | null>(null)

/** Shows what happened to a record. */
export function showHistory(of: HistoryOf): void {
  openHistory.value = of
}
