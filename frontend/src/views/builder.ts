import { inject, provide, type InjectionKey } from 'vue'
import type { useFieldWords } from './useFieldWords'
import type { useListFields } from './useListFields'
import type { DraftPart } from './where'

/** What the parts of a filter that is being written share. */
interface Builder {
  fields: ReturnType<typeof useListFields>
  words: ReturnType<typeof useFieldWords>
  /** Puts another part in the place of one; null takes it away. */
  replace(key: number, part: DraftPart | null): void
  /** Adds a part to a group. */
  add(group: number, part: DraftPart): void
  /** No more conditions fit in. */
  isFull(): boolean
}

const key: InjectionKey<Builder> = Symbol('builder')

export const provideBuilder = (builder: Builder): void => provide(key, builder)

/** The filter that is being written, for its parts. */
export function useBuilder(): Builder {
  const builder = inject(key)
  if (!builder) throw new Error('provideBuilder() was not called')
  return builder
}
