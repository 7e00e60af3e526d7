import {
  draggable,
  dropTargetForElements,
  monitorForElements,
} from '@atlaskit/pragmatic-drag-and-drop/adapter/element-adapter'
import { onScopeDispose, ref, shallowRef, watch, type Directive, type Ref } from 'vue'
import { autoScroller } from './autoScroll'
import { dropTargetAt, isSameTarget, type DropTarget } from './dropPlace'
import { touchDrag } from './touchDrag'

interface DragOptions {
  board: Ref<HTMLElement | null>
  isPhone: () => boolean
  canDrag: (id: number) => boolean
  onStart: (id: number) => void
  onEnd: (id: number, target: DropTarget | null) => void
}

const idOf = (data: Record<string | symbol, unknown>): number | null =>
  typeof data['dealId'] === 'number' ? data['dealId'] : null

/** Dragging of cards: by mouse as the browser does it, by touch after a long press. */
export function useBoardDrag(options: DragOptions) {
  const draggedId = ref<number | null>(null)
  const target = shallowRef<DropTarget | null>(null)
  const scroller = autoScroller(() => options.board.value, options.isPhone)
  let isTouched = false

  function start(id: number): void {
    draggedId.value = id
    target.value = null
    options.onStart(id)
  }
  function move(x: number, y: number): void {
    const id = draggedId.value
    if (id === null) return
    const next = dropTargetAt(x, y, id)
    if (!isSameTarget(next, target.value)) target.value = next
    scroller.move(x, y)
  }
  function end(dropped: boolean): void {
    const id = draggedId.value
    if (id === null) return
    const at = dropped ? target.value : null
    scroller.stop()
    draggedId.value = null
    target.value = null
    options.onEnd(id, at)
  }

  const stopMonitor = monitorForElements({
    canMonitor: ({ source }) => idOf(source.data) !== null,
    onDragStart: ({ source, location }) => {
      start(idOf(source.data) ?? 0)
      move(location.current.input.clientX, location.current.input.clientY)
    },
    onDrag: ({ location }) => move(location.current.input.clientX, location.current.input.clientY),
    onDrop: ({ location }) => {
      const { clientX, clientY } = location.current.input
      const isOver = location.current.dropTargets.length > 0
      if (isOver) move(clientX, clientY)
      end(isOver)
    },
  })

  const stops = new WeakMap<HTMLElement, () => void>()
  const bind = (element: HTMLElement, stop: () => void): void => {
    stops.get(element)?.()
    stops.set(element, stop)
  }

  /** Lets a card be dragged; the value is the deal's id. */
  const vDragCard: Directive<HTMLElement, number> = {
    mounted: (element, { value }) =>
      bind(
        element,
        draggable({
          element,
          // A finger has its own way, which works the same in every browser.
          canDrag: () => !isTouched && options.canDrag(value),
          getInitialData: () => ({ dealId: value }),
        }),
      ),
    beforeUnmount: (element) => stops.get(element)?.(),
  }

  /** Lets cards be dropped on a column or a zone. */
  const vDropArea: Directive<HTMLElement> = {
    mounted: (element) =>
      bind(element, dropTargetForElements({ element, canDrop: ({ source }) => idOf(source.data) !== null })),
    beforeUnmount: (element) => stops.get(element)?.(),
  }

  const notePointer = (event: PointerEvent): void => {
    isTouched = event.pointerType === 'touch'
  }
  watch(options.board, (board, _former, onCleanup) => {
    if (!board) return
    board.addEventListener('pointerdown', notePointer, true)
    const stopTouch = touchDrag(board, { canDrag: options.canDrag, onStart: start, onMove: move, onEnd: end })
    onCleanup(() => {
      board.removeEventListener('pointerdown', notePointer, true)
      stopTouch()
    })
  })
  onScopeDispose(() => {
    stopMonitor()
    scroller.stop()
  })

  return { draggedId, target, vDragCard, vDropArea }
}
