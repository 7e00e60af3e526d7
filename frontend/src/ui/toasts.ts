import { shallowReactive } from 'vue'

/** A short notice at the edge of the screen. */
export interface Toast {
  id: number
  text: string
  tone: 'plain' | 'error'
  action?: { label: string; run: () => void }
}

/** The notices on the screen, oldest first. */
export const toasts = shallowReactive<Toast[]>([])

const timers = new Map<number, ReturnType<typeof setTimeout>>()
const lifeMs = 5000
const atMost = 3
let last = 0

/** Takes a notice away. */
export function dismissToast(id: number): void {
  clearTimeout(timers.get(id))
  timers.delete(id)
  const at = toasts.findIndex((toast) => toast.id === id)
  if (at >= 0) toasts.splice(at, 1)
}

/** Keeps a notice while it is pointed at or focused, and lets it go afterwards. */
export function holdToast(id: number, hold: boolean): void {
  clearTimeout(timers.get(id))
  if (!hold)
    timers.set(
      id,
      setTimeout(() => dismissToast(id), lifeMs),
    )
}

/** Shows a notice for five seconds; with an action (Undo) it offers to do that. */
export function toast(text: string, options: Partial<Pick<Toast, 'tone' | 'action'>> = {}): number {
  const id = ++last
  toasts.push({
    id,
    text,
    tone: options.tone ?? 'plain',
    ...(options.action ? { action: options.action } : {}),
  })
  holdToast(id, false)
  while (toasts.length > atMost && toasts[0]) dismissToast(toasts[0].id)
  return id
}
