import { shallowRef, type Directive } from 'vue'

/** What a tooltip says, and the key that does the same. */
export interface Tip {
  text: string
  keys?: string | undefined
  side?: 'top' | 'right' | 'bottom' | undefined
}

/** The tooltip on the screen; there is never more than one, drawn by TipLayer. */
export const shownTip = shallowRef<(Tip & { rect: DOMRect }) | null>(null)

const delayMs = 350
const warmMs = 250
const values = new WeakMap<HTMLElement, Tip>()
let owner: HTMLElement | null = null
let timer: ReturnType<typeof setTimeout> | undefined
let hiddenAt = 0

function show(element: HTMLElement): void {
  const tip = values.get(element)
  if (!tip?.text || !element.isConnected) return
  owner = element
  shownTip.value = { ...tip, rect: element.getBoundingClientRect() }
}

function hide(): void {
  clearTimeout(timer)
  if (shownTip.value) hiddenAt = Date.now()
  owner = null
  shownTip.value = null
}

function onEnter(event: PointerEvent): void {
  if (event.pointerType !== 'mouse') return
  const element = event.currentTarget as HTMLElement
  clearTimeout(timer)
  // Going along a row of buttons: the next tip comes at once.
  timer = setTimeout(() => show(element), Date.now() - hiddenAt < warmMs ? 0 : delayMs)
}

function onFocus(event: FocusEvent): void {
  const element = event.currentTarget as HTMLElement
  if (element.matches(':focus-visible')) show(element)
}

function onKey(event: KeyboardEvent): void {
  if (event.key === 'Escape') hide()
}

/** Gives an element a tooltip. One layer serves all of them, so that a hundred buttons cost nothing. */
export const vTip: Directive<HTMLElement, Tip> = {
  mounted(element, { value }) {
    values.set(element, value)
    element.addEventListener('pointerenter', onEnter)
    element.addEventListener('pointerleave', hide)
    element.addEventListener('pointerdown', hide)
    element.addEventListener('focus', onFocus)
    element.addEventListener('blur', hide)
    element.addEventListener('keydown', onKey)
  },
  updated(element, { value }) {
    values.set(element, value)
  },
  beforeUnmount(element) {
    if (owner === element) hide()
  },
}
