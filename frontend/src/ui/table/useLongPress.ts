import { onScopeDispose } from 'vue'

const holdMs = 450
const slackPx = 10

/**
 * A finger that rests on a row. The click that follows when it is lifted belongs to it and is swallowed.
 *
 * @param pressed Called with the id of the row (`data-row`).
 */
export function useLongPress(pressed: (id: number) => void) {
  let timer: ReturnType<typeof setTimeout> | undefined
  let at = { x: 0, y: 0 }
  let isTouch = false
  let wasHeld = false
  const stop = (): void => clearTimeout(timer)
  onScopeDispose(stop)

  return {
    onPointerdown(event: PointerEvent): void {
      stop()
      wasHeld = false
      isTouch = event.pointerType === 'touch'
      const id = Number((event.target as HTMLElement).closest<HTMLElement>('[data-row]')?.dataset['row'])
      if (!isTouch || !id || !event.isPrimary) return
      at = { x: event.clientX, y: event.clientY }
      timer = setTimeout(() => {
        wasHeld = true
        pressed(id)
      }, holdMs)
    },
    onPointermove(event: PointerEvent): void {
      if (Math.hypot(event.clientX - at.x, event.clientY - at.y) > slackPx) stop()
    },
    stop,
    /** The menu that a browser opens for a held link would cover the rows. */
    onContextmenu(event: Event): void {
      if (isTouch) event.preventDefault()
    },
    /** Whether a click is the end of a long press; asked once. */
    swallows(): boolean {
      const is = wasHeld
      wasHeld = false
      return is
    },
  }
}
