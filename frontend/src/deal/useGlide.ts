import { watch, type Ref } from 'vue'
import type { Board } from './board'
import { noteForGlide } from './glide'

/** What changes its column, or was moved by somebody else, glides; what this hand has just dropped lies still. */
export function useGlide(root: Ref<HTMLElement | null>, view: Ref<Board | undefined>) {
  const moved = new Set<number>()
  let dropped: ReadonlySet<number> = new Set()
  let play: (() => void) | null = null
  watch(
    view,
    (next, before) => {
      if (!root.value || !next || !before) return
      if (next.pipeline_id !== before.pipeline_id || next.group_by !== before.group_by) return
      const gliding = new Set<number>()
      next.columns.forEach((column) => {
        const former = before.columns.find((entry) => entry.key === column.key)
        if (!former || former === column) return
        const ids = new Set(former.cards.map((card) => card.id))
        for (const { id } of column.cards)
          if ((!ids.has(id) || moved.has(id)) && !dropped.has(id)) gliding.add(id)
      })
      moved.clear()
      play = gliding.size > 0 ? noteForGlide(root.value, gliding) : null
    },
    { flush: 'pre' },
  )
  watch(
    view,
    () => {
      play?.()
      play = null
    },
    { flush: 'post' },
  )
  return {
    noteMoved: (id: number) => void moved.add(id),
    /** Only the drawing that follows a drop keeps still; a refusal slides the cards back. */
    keepStill(ids: Iterable<number>): void {
      dropped = new Set(ids)
      requestAnimationFrame(() => (dropped = new Set()))
    },
  }
}
