import { nextTick, ref, watch, type Ref } from 'vue'
import type { Board } from './board'
import { focusFrom } from './boardMoves'

/** Which card has the focus; it keeps it wherever the card goes. */
export function useBoardFocus(root: Ref<HTMLElement | null>, board: Ref<Board | undefined>) {
  const activeId = ref<number | null>(null)

  const linkOf = (id: number): HTMLElement | null =>
    root.value?.querySelector<HTMLElement>(`[data-card="${id}"] a`) ?? null
  const focusedId = (): number | null => {
    const card = document.activeElement?.closest<HTMLElement>('[data-card]')
    return card && root.value?.contains(card) ? Number(card.dataset['card']) : null
  }

  /** Gives the focus to a card. */
  function focus(id: number): void {
    activeId.value = id
    void nextTick(() => {
      const link = linkOf(id)
      link?.focus({ preventScroll: true })
      link?.closest('[data-card]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
    })
  }

  /** Gives the focus back to its card when a dialog has closed and left it nowhere. */
  function restore(): void {
    const id = activeId.value
    if (id !== null && (document.activeElement === document.body || !document.activeElement) && linkOf(id))
      focus(id)
  }

  function onFocusin(): void {
    const id = focusedId()
    if (id !== null) activeId.value = id
  }
  function onKeydown(event: KeyboardEvent): void {
    if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return
    const id = focusedId()
    if (id === null || !board.value || !/^(Arrow(Up|Down|Left|Right)|Home|End)$/.test(event.key)) return
    event.preventDefault()
    const next = focusFrom(board.value, id, event.key)
    if (next !== null) focus(next)
  }

  // A card that changes its column is drawn as a new element: the focus goes along. One that has left hands
  // it to its neighbour.
  watch(
    board,
    (now, before) => {
      const id = focusedId()
      if (id === null || !now || !before) return
      const column = before.columns.find((entry) => entry.cards.some((card) => card.id === id))
      const at = column?.cards.findIndex((card) => card.id === id) ?? 0
      void nextTick(() => {
        if (focusedId() !== null) return
        const cards = now.columns.find((entry) => entry.key === column?.key)?.cards ?? []
        const heir = linkOf(id) ? id : (cards[Math.min(at, cards.length - 1)]?.id ?? null)
        if (heir !== null) focus(heir)
      })
    },
    { flush: 'pre' },
  )

  return { activeId, focusedId, focus, restore, onFocusin, onKeydown }
}
