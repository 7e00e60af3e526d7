import { onScopeDispose, ref, type Ref } from 'vue'
import { dropIndex } from './ordering'

const edgePx = 48
const scrollPx = 10

function scrollerOf(element: Element | null): Element | null {
  for (let at = element; at; at = at.parentElement)
    if (/auto|scroll/.test(getComputedStyle(at).overflowY) && at.scrollHeight > at.clientHeight) return at
  return null
}

/**
 * Dragging rows at a handle, the same for mouse, pen and finger: the row follows the pointer, a line shows where it
 * would come to stand, Escape puts it back.
 */
export function useRowDrag(
  root: Readonly<Ref<HTMLElement | null>>,
  move: (from: number, to: number) => void,
) {
  /** The row that is held, and how far it has been carried. */
  const held = ref<{ index: number; by: number } | null>(null)
  const over = ref<{ index: number; edge: 'above' | 'below' } | null>(null)
  let stop: (() => void) | null = null

  function placeAt(y: number): { index: number; edge: 'above' | 'below' } | null {
    const rows = [...(root.value?.children ?? [])]
    const boxes = rows.map((row, index) => {
      const box = row.getBoundingClientRect()
      // The row that is carried counts where it came from.
      const shift = index === held.value?.index ? held.value.by : 0
      return { top: box.top - shift, bottom: box.bottom - shift }
    })
    const index = boxes.findIndex((box) => y < box.bottom)
    const at = index < 0 ? boxes.length - 1 : index
    const box = boxes[at]
    return box ? { index: at, edge: y < (box.top + box.bottom) / 2 ? 'above' : 'below' } : null
  }

  function start(event: PointerEvent, index: number): void {
    if (event.button !== 0 || held.value) return
    const handle = event.currentTarget as HTMLElement
    const scroller = scrollerOf(root.value)
    const startY = event.clientY + (scroller?.scrollTop ?? 0)
    let y = event.clientY
    let frame = 0
    const { signal, abort } = ((controller: AbortController) => ({
      signal: controller.signal,
      abort: () => controller.abort(),
    }))(new AbortController())

    const follow = (): void => {
      held.value = { index, by: y + (scroller?.scrollTop ?? 0) - startY }
      over.value = placeAt(y)
    }
    const scroll = (): void => {
      frame = requestAnimationFrame(scroll)
      if (!scroller) return
      const box = scroller.getBoundingClientRect()
      const by = y < box.top + edgePx ? -scrollPx : y > box.bottom - edgePx ? scrollPx : 0
      if (by === 0) return
      scroller.scrollBy(0, by)
      follow()
    }
    const end = (isDropped: boolean): void => {
      const place = over.value
      stop?.()
      if (!isDropped || !place) return
      const to = dropIndex(index, place.index, place.edge)
      if (to !== index) move(index, to)
    }
    stop = () => {
      stop = null
      abort()
      cancelAnimationFrame(frame)
      held.value = null
      over.value = null
    }
    handle.setPointerCapture(event.pointerId)
    held.value = { index, by: 0 }
    frame = requestAnimationFrame(scroll)
    handle.addEventListener(
      'pointermove',
      (next) => {
        y = next.clientY
        follow()
      },
      { signal },
    )
    handle.addEventListener('pointerup', () => end(true), { signal })
    handle.addEventListener('pointercancel', () => end(false), { signal })
    window.addEventListener(
      'keydown',
      (key) => {
        if (key.key !== 'Escape') return
        key.preventDefault()
        key.stopPropagation()
        end(false)
      },
      { signal, capture: true },
    )
  }
  onScopeDispose(() => stop?.())
  return { held, over, start }
}
