const lengthMs = 220
const atMost = 12

const find = (root: HTMLElement, id: number): HTMLElement | null =>
  root.querySelector<HTMLElement>(`[data-card="${id}"]`)

/**
 * Notes where cards stand before the board is drawn anew. Too many at once do not glide: nobody could follow.
 *
 * @returns Lets them glide from there to where they stand after the drawing.
 */
export function noteForGlide(root: HTMLElement, ids: ReadonlySet<number>): () => void {
  const from = new Map<number, DOMRect>()
  if (ids.size <= atMost && !window.matchMedia('(prefers-reduced-motion: reduce)').matches) {
    const frame = root.getBoundingClientRect()
    for (const id of ids) {
      const box = find(root, id)?.getBoundingClientRect()
      if (box && box.right > frame.left && box.left < frame.right && box.top < frame.bottom) from.set(id, box)
    }
  }
  return () => from.forEach((box, id) => travel(root, id, box))
}

/** A column cuts off what leaves it, so a picture of the card travels above the board. */
function travel(root: HTMLElement, id: number, from: DOMRect): void {
  const card = find(root, id)
  if (!card) return
  const to = card.getBoundingClientRect()
  const [x, y] = [from.left - to.left, from.top - to.top]
  if (Math.hypot(x, y) < 4) return
  const picture = card.cloneNode(true) as HTMLElement
  picture.removeAttribute('data-card')
  picture.setAttribute('aria-hidden', 'true')
  picture.inert = true
  Object.assign(picture.style, {
    position: 'fixed',
    left: `${to.left}px`,
    top: `${to.top}px`,
    width: `${to.width}px`,
    margin: '0',
    zIndex: '30',
    pointerEvents: 'none',
  })
  document.body.append(picture)
  const timing: KeyframeAnimationOptions = { duration: lengthMs, easing: 'cubic-bezier(0.2, 0.7, 0.2, 1)' }
  card.animate([{ opacity: 0 }, { opacity: 0 }], timing)
  const travelling = picture.animate(
    [{ transform: `translate(${x}px, ${y}px)` }, { transform: 'none' }],
    timing,
  )
  travelling.onfinish = travelling.oncancel = () => picture.remove()
}
