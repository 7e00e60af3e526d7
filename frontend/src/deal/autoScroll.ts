const edge = 56
const fastest = 18

function speed(distance: number): number {
  return distance >= edge ? 0 : Math.ceil(fastest * (1 - Math.max(0, distance) / edge))
}

/**
 * Scrolls the board sideways, and the column under the pointer up and down, while a card is held near an edge.
 *
 * @param board The element that scrolls sideways.
 * @param steps On a phone the board turns a column at a time instead of gliding.
 */
export function autoScroller(board: () => HTMLElement | null, steps: () => boolean) {
  let point: { x: number; y: number } | null = null
  let frame = 0
  let turnedAt = 0

  function sideways(box: HTMLElement, x: number): void {
    const { left, right } = box.getBoundingClientRect()
    const by = speed(right - x) - speed(x - left)
    if (by === 0) return
    if (!steps()) {
      box.scrollLeft += by
    } else if (Date.now() - turnedAt > 700) {
      turnedAt = Date.now()
      box.scrollBy({ left: Math.sign(by) * box.clientWidth, behavior: 'smooth' })
    }
  }

  function tick(): void {
    const box = board()
    if (point && box) {
      const { x, y } = point
      sideways(box, x)
      const list = document
        .elementFromPoint(x, y)
        ?.closest<HTMLElement>('[data-column]')
        ?.querySelector<HTMLElement>('[data-scroller]')
      if (list) {
        const { top, bottom } = list.getBoundingClientRect()
        list.scrollTop += speed(bottom - y) - speed(y - top)
      }
    }
    frame = point ? requestAnimationFrame(tick) : 0
  }

  return {
    /** Tells where the pointer is. */
    move(x: number, y: number): void {
      point = { x, y }
      if (frame === 0) frame = requestAnimationFrame(tick)
    },
    stop(): void {
      point = null
      cancelAnimationFrame(frame)
      frame = 0
    },
  }
}
