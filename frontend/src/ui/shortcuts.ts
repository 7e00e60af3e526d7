import { computed, onScopeDispose, shallowReactive, type Component } from 'vue'

/** Something that can be done: by key, from the palette, listed on the `?` sheet. */
export interface Command {
  id: string
  /** Words in the reader's language. */
  label: () => string
  group: 'navigation' | 'actions' | 'list' | 'general'
  run: (event?: KeyboardEvent) => void
  /** `mod+k`, `g c` (one after the other), `?`, `alt+arrowleft`. Several ways are allowed. */
  keys?: readonly string[]
  icon?: Component
  /** Not offered while this says false. */
  when?: () => boolean
  /** Left out of the palette: moving about in a list makes no sense there. */
  hidden?: boolean
  /** Also while typing in a field. */
  inFields?: boolean
}

const stack = shallowReactive<Command[]>([])
const sequenceMs = 900

/** All commands that make sense now; of two with the same id the later one counts. */
export const commands = computed(() => {
  const byId = new Map(stack.map((command) => [command.id, command]))
  return [...byId.values()].filter((command) => command.when?.() !== false)
})

/** Offers commands for as long as the component lives. */
export function useCommands(list: readonly Command[]): void {
  stack.push(...list)
  onScopeDispose(() => {
    for (const command of list) {
      const at = stack.lastIndexOf(command)
      if (at >= 0) stack.splice(at, 1)
    }
  })
}

/** The key for a tooltip or a menu row: the first way to reach a command. */
export function keysOf(id: string): string | undefined {
  return stack.findLast((command) => command.id === id)?.keys?.[0]
}

const isMac = /Mac|iPhone|iPad/.test(navigator.platform)
const names: Record<string, string> = {
  mod: isMac ? '⌘' : 'Ctrl',
  alt: isMac ? '⌥' : 'Alt',
  shift: '⇧',
  enter: '↵',
  tab: 'Tab',
  arrowleft: '←',
  arrowright: '→',
  arrowup: '↑',
  arrowdown: '↓',
  escape: 'Esc',
}

/** `mod+k` -> ['Ctrl', 'K'], for keycaps. */
export function keycaps(keys: string): string[] {
  return keys.split(/[ +]/).map((key) => names[key] ?? (key.length === 1 ? key.toUpperCase() : key))
}

/** Writes a key press the way commands do. Shift counts for letters and named keys, not for `?`. */
export function strokeOf(event: KeyboardEvent): string {
  const key = event.key.toLowerCase()
  const parts: string[] = []
  if (event.ctrlKey || event.metaKey) parts.push('mod')
  if (event.altKey) parts.push('alt')
  if (event.shiftKey && (key.length > 1 || key.toUpperCase() !== key)) parts.push('shift')
  return [...parts, key].join('+')
}

function isField(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
    !(target instanceof HTMLInputElement && /^(checkbox|radio|button)$/.test(target.type))
  )
}

const behind = '[role="dialog"], [role="alertdialog"], [role="menu"], [role="listbox"]'

/**
 * Listens for keys. Single keys rest while a person types, composes Chinese, is in a dialog or a menu,
 * or has turned them off.
 *
 * @param singleKeys Whether keys without a modifier are wanted (WCAG 2.1.4).
 * @returns The way to stop.
 */
export function listenForShortcuts(singleKeys: () => boolean): () => void {
  let first = ''
  let timer: ReturnType<typeof setTimeout> | undefined
  const forget = (): void => {
    first = ''
    clearTimeout(timer)
  }

  function listener(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing || event.keyCode === 229) return
    const stroke = strokeOf(event)
    const typing = isField(event.target)
    const inDialog =
      (event.target instanceof Element && event.target.closest(behind) !== null) ||
      document.querySelector(
        '[role="dialog"][data-state="open"], [role="alertdialog"][data-state="open"]',
      ) !== null
    const hasModifier = /^(mod|alt)\+/.test(stroke)
    if (!hasModifier && !singleKeys()) return
    const offered = commands.value.filter((command) => (!typing && !inDialog) || command.inFields)
    const wanted = first ? `${first} ${stroke}` : stroke
    const match = offered.findLast((command) => command.keys?.includes(wanted))
    if (match) {
      forget()
      event.preventDefault()
      match.run(event)
      return
    }
    forget()
    if (!typing && offered.some((command) => command.keys?.some((keys) => keys.startsWith(`${stroke} `)))) {
      first = stroke
      timer = setTimeout(forget, sequenceMs)
    }
  }

  window.addEventListener('keydown', listener)
  return () => window.removeEventListener('keydown', listener)
}
