import { ref, type Ref } from 'vue'
import type { Tile } from '@/api/types'
import { columns, placed, type Place } from './grid'

/** Height of a row of the grid with the gap below it. */
export const rowHeight = 76
/** Space between tiles. */
export const gap = 12

/** Moves and resizes tiles by pointer and by keys. */
export function useTileEditing(
  tiles: Ref<Tile[]>,
  grid: Ref<HTMLElement | null>,
  say: (at: number, place: Place) => void,
) {
  const active = ref<number | null>(null)

  function begin(at: number, event: PointerEvent, kind: 'move' | 'resize'): void {
    const tile = tiles.value[at]
    const box = grid.value
    if (!tile || !box || event.button !== 0) return
    event.preventDefault()
    const before = [...tiles.value]
    const start = { x: event.clientX, y: event.clientY, scroll: box.parentElement?.scrollTop ?? 0 }
    const cell = (box.clientWidth + gap) / columns
    active.value = at

    const follow = (move: PointerEvent): void => {
      const dx = Math.round((move.clientX - start.x) / cell)
      const scrolled = (box.parentElement?.scrollTop ?? 0) - start.scroll
      const dy = Math.round((move.clientY - start.y + scrolled) / rowHeight)
      const change = kind === 'move' ? { x: tile.x + dx, y: tile.y + dy } : { w: tile.w + dx, h: tile.h + dy }
      // Always from where all began: tiles that gave way come back.
      tiles.value = placed(before, at, change)
    }
    const end = (isKept: boolean): void => {
      window.removeEventListener('pointermove', follow)
      window.removeEventListener('pointerup', up)
      window.removeEventListener('pointercancel', cancel)
      window.removeEventListener('keydown', escape, true)
      active.value = null
      if (!isKept) tiles.value = before
      const after = tiles.value[at]
      if (isKept && after) say(at, after)
    }
    const up = (): void => end(true)
    const cancel = (): void => end(false)
    const escape = (key: KeyboardEvent): void => {
      if (key.key !== 'Escape') return
      key.stopPropagation()
      end(false)
    }
    window.addEventListener('pointermove', follow)
    window.addEventListener('pointerup', up)
    window.addEventListener('pointercancel', cancel)
    window.addEventListener('keydown', escape, true)
  }

  /** Arrows move a tile, with Shift they change its size. */
  function press(at: number, event: KeyboardEvent): void {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key]
    const tile = tiles.value[at]
    if (!step || !tile || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    event.stopPropagation()
    const [dx = 0, dy = 0] = step
    let next = placed(
      tiles.value,
      at,
      event.shiftKey ? { w: tile.w + dx, h: tile.h + dy } : { x: tile.x + dx, y: tile.y + dy },
    )
    // Down past what lies below: one row alone would let it rise again.
    const below = tiles.value.filter((other, index) => index !== at && other.y >= tile.y + tile.h)
    if (!event.shiftKey && dy > 0 && next[at]?.y === tile.y && below.length > 0) {
      const first = below.reduce((a, b) => (b.y < a.y ? b : a))
      next = placed(tiles.value, at, { y: first.y + first.h })
    }
    tiles.value = next
    const after = next[at]
    if (after) say(at, after)
  }

  return { active, begin, press }
}
