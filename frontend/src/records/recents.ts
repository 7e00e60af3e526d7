import { readStored, writeStored } from '@/ui/storage'

const atMost = 12

const entry = (resource: string, userId: number): string => `recent.${resource}.${userId}`

/** The records of a resource that a person has looked at on this device, the last one first. */
export function recentIds(resource: string, userId: number): readonly number[] {
  const ids = readStored<unknown>(entry(resource, userId))
  return Array.isArray(ids) ? ids.filter((id): id is number => Number.isSafeInteger(id)) : []
}

/** Remembers that a person has looked at a record. */
export function rememberRecent(resource: string, userId: number, id: number): void {
  if (!Number.isSafeInteger(id) || id <= 0) return
  const ids = [id, ...recentIds(resource, userId).filter((other) => other !== id)].slice(0, atMost)
  writeStored(entry(resource, userId), ids)
}
