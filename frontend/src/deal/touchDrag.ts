interface TouchDrag {
  canDrag: (id: number) => boolean
  onStart: (id: number) => void
  onMove: (x: number, y: number) => void
  onEnd: (dropped: boolean) => void
}

const pressMs = 280
const slack = 8

/** A picture of the card that follows the finger. */
function lift(card: HTMLElement, x: number, y: number): { move(x: number, y: number): void; drop(): void } {
  const box = card.getBoundingClientRect()
  const picture = card.cloneNode(true) as HTMLElement
  picture.removeAttribute('data-card')
  picture.setAttribute('aria-hidden', 'true')
  picture.inert = true
  Object.assign(picture.style, {
    position: 'fixed',
    left: `${box.left}px`,
    top: `${box.top}px`,
    width: `${box.width}px`,
    height: `${box.height}px`,
    margin: '0',
    zIndex: '60',
    pointerEvents: 'none',
    opacity: '0.95',
    boxShadow: 'var(--shadow-3)',
  })
  document.body.append(picture)
  const move = (toX: number, toY: number): void => {
    picture.style.transform = `translate(${toX - x}px, ${toY - y}px) rotate(1.5deg)`
  }
  move(x, y)
  return { move, drop: () => picture.remove() }
}

/**
 * Dragging with a finger: press, hold, move. A finger that moves at once scrolls as ever.
 *
 * @returns The way to stop listening.
 */
export function touchDrag(board: HTMLElement, options: TouchDrag): () => void {
  let pressed: { id: number; card: HTMLElement; x: number; y: number } | null = null
  let picture: ReturnType<typeof lift> | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let isTouch = false

  const forget = (): void => {
    clearTimeout(timer)
    pressed = null
  }
  function onStart(event: TouchEvent): void {
    isTouch = true
    const touch = event.touches[0]
    const target = event.target as HTMLElement
    const card = target.closest<HTMLElement>('[data-card]')
    const id = Number(card?.dataset['card'])
    if (event.touches.length !== 1 || !touch || !card || target.closest('button') || !options.canDrag(id))
      return forget()
    pressed = { id, card, x: touch.clientX, y: touch.clientY }
    timer = setTimeout(() => {
      if (!pressed) return
      picture = lift(pressed.card, pressed.x, pressed.y)
      navigator.vibrate?.(15)
      options.onStart(pressed.id)
    }, pressMs)
  }
  function onMove(event: TouchEvent): void {
    const touch = event.touches[0]
    if (!pressed || !touch) return
    if (!picture) {
      if (Math.hypot(touch.clientX - pressed.x, touch.clientY - pressed.y) > slack) forget()
      return
    }
    // The card is in the hand: the page stays where it is.
    event.preventDefault()
    picture.move(touch.clientX, touch.clientY)
    options.onMove(touch.clientX, touch.clientY)
  }
  function finish(dropped: boolean, event: Event): void {
    if (picture) {
      if (event.cancelable) event.preventDefault()
      picture.drop()
      picture = null
      options.onEnd(dropped)
    }
    forget()
  }
  const onEnd = (event: TouchEvent): void => finish(true, event)
  const onCancel = (event: TouchEvent): void => finish(false, event)
  // A long press would open the menu for links.
  const onMenu = (event: Event): void => {
    if (isTouch && (event.target as HTMLElement).closest('[data-card]')) event.preventDefault()
  }
  const onPointer = (event: PointerEvent): void => {
    isTouch = event.pointerType === 'touch'
  }
  board.addEventListener('pointerdown', onPointer, true)
  board.addEventListener('touchstart', onStart, { passive: true })
  // Not passive from the beginning: a browser decides at the first touch whether a page may stop scrolling.
  board.addEventListener('touchmove', onMove, { passive: false })
  board.addEventListener('touchend', onEnd, { passive: false })
  board.addEventListener('touchcancel', onCancel)
  board.addEventListener('contextmenu', onMenu)
  return () => {
    forget()
    picture?.drop()
    board.removeEventListener('pointerdown', onPointer, true)
    board.removeEventListener('touchstart', onStart)
    board.removeEventListener('touchmove', onMove)
    board.removeEventListener('touchend', onEnd)
    board.removeEventListener('touchcancel', onCancel)
    board.removeEventListener('contextmenu', onMenu)
  }
}
