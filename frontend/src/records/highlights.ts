import { shallowReactive } from 'vue'

const lifeMs = 2000

/** Fields that a colleague has just changed, by `resource:id`; cells tint themselves while they stand here. */
export const highlights = shallowReactive(new Map<string, ReadonlySet<string>>())

/** Marks fields of a record as just changed. */
export function highlight(resource: string, id: number, fields: readonly string[]): void {
  const key = `${resource}:${id}`
  const set = new Set(fields)
  highlights.set(key, set)
  setTimeout(() => {
    if (highlights.get(key) === set) highlights.delete(key)
  }, lifeMs)
}
