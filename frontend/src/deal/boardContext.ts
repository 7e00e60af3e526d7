import { inject, provide, type Directive, type InjectionKey } from 'vue'
import type { useFormat } from '@/i18n/format'

/** What the parts of a board share. */
export interface BoardContext {
  format: ReturnType<typeof useFormat>
  vDragCard: Directive<HTMLElement, number>
  vDropArea: Directive<HTMLElement>
  /** Id of the text that explains the keys. */
  hintId: string
}

const key: InjectionKey<BoardContext> = Symbol('board')

/** Gives the parts of a board what they share. */
export function provideBoard(context: BoardContext): void {
  provide(key, context)
}

/** What the parts of a board share. */
export function useBoardContext(): BoardContext {
  const context = inject(key)
  if (!context) throw new Error('outside of a board')
  return context
}
