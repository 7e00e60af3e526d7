import type { Query } from '@/api/rest'

/** Key of one record. */
export function recordKey(resource: string, id: number): readonly ['record', string, number] {
  return ['record', resource, id]
}

/** Key of a list: its resource and everything that decides which rows it has. */
export function listKey(resource: string, query: Query): readonly ['list', string, Query] {
  return ['list', resource, query]
}
