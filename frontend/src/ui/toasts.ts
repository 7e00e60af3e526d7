import { shallowReactive } from 'vue'

/** A short notice at the edge of the screen. */
export interface Toast {
  id: number
  text: string
  tone: 'plain' | 'error'
  /** What can be done about it, most often Undo. */
  actions?: readonly { label: string; run: () => void }[]
  /** How far the work got of which it tells; without a total nobody knows how much there is. */
  progress?: { done: number; total: number | null } | undefined
  /** It stays until it is taken away: work that goes on, or more than can be read in passing. */
  isLasting?: boolean
  /** A newer notice of the same key takes its place. */
  key?: string | undefined
}

/** What a notice may have besides its words. */
export type ToastOptions = Partial<Omit<Toast, 'id' | 'text'>>

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
  if (!hold && !toasts.find((toast) => toast.id === id)?.isLasting)
    timers.set(
      id,
      setTimeout(() => dismissToast(id), lifeMs),
    )
}

/** Changes what a notice says; does nothing when it has gone. */
export function changeToast(id: number, values: Partial<Omit<Toast, 'id'>>): void {
  const at = toasts.findIndex((toast) => toast.id === id)
  const held = toasts[at]
  if (held) toasts[at] = { ...held, ...values }
}

/** Shows a notice for five seconds; with actions (Undo) it offers to do that. */
export function toast(text: string, options: ToastOptions = {}): number {
  const id = ++last
  const former = options.key && toasts.find(({ key }) => key === options.key)
  if (former) dismissToast(former.id)
  toasts.push({ tone: 'plain', ...options, id, text })
  holdToast(id, false)
  const passing = toasts.filter(({ isLasting }) => !isLasting)
  for (const old of passing.slice(0, Math.max(0, passing.length - atMost))) dismissToast(old.id)
  return id
}
