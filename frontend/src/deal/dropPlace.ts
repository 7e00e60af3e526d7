import type { Place } from './boardMoves'

/** Where a card would land: a place in a column, or one of the zones for closing. */
export type DropTarget = ({ kind: 'place' } & Place) | { kind: 'zone'; zone: 'won' | 'lost' }

/** What stands under a point: a zone, or a column and the gap between its cards that is nearest. */
export function dropTargetAt(x: number, y: number, draggedId: number): DropTarget | null {
  const element = document.elementFromPoint(x, y)
  const zone = element?.closest<HTMLElement>('[data-drop-zone]')?.dataset['dropZone']
  if (zone === 'won' || zone === 'lost') return { kind: 'zone', zone }
  const column = element?.closest<HTMLElement>('[data-column]')
  return column ? placeIn(column, y, draggedId) : null
}

/** The gap of a column that is nearest to a height. */
export function placeIn(column: HTMLElement, y: number, draggedId: number): DropTarget {
  let afterId: number | null = null
  for (const card of column.querySelectorAll<HTMLElement>('[data-card]')) {
    const id = Number(card.dataset['card'])
    if (id === draggedId) continue
    const { top, height } = card.getBoundingClientRect()
    if (y < top + height / 2) break
    afterId = id
  }
  return { kind: 'place', key: column.dataset['column'] ?? '', afterId }
}

/** Whether two targets are the same. */
export function isSameTarget(a: DropTarget | null, b: DropTarget | null): boolean {
  if (!a || !b || a.kind !== b.kind) return a === b
  if (a.kind === 'zone') return b.kind === 'zone' && a.zone === b.zone
  return b.kind === 'place' && a.key === b.key && a.afterId === b.afterId
}
