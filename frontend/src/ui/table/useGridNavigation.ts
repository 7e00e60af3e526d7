import { computed, ref, watch, type Ref } from 'vue'

interface GridOptions {
  ids: () => readonly number[]
  /** Chosen rows; changed in place of the old set. */
  selection: Ref<ReadonlySet<number>>
  pageRows: () => number
  reveal: (index: number) => void
  open: (id: number) => void
  loadMore: () => void
  /** Chooses all that there are, loaded or not; left out, the loaded ones. */
  chooseAll?: () => void
}

/**
 * Keyboard of a table: one active row, known by its id, so that it stays the same record while rows come
 * and go around it.
 */
export function useGridNavigation(options: GridOptions) {
  const activeId = ref<number | null>(null)
  const activeIndex = computed(() => (activeId.value === null ? -1 : options.ids().indexOf(activeId.value)))
  let anchor: number | null = null
  /** What was chosen before the range: the way back lets go again what the way there took in. */
  let before: ReadonlySet<number> = new Set()
  let lastIndex = 0

  watch(activeIndex, (index) => {
    if (index >= 0) lastIndex = index
  })

  function activate(index: number): void {
    const ids = options.ids()
    if (ids.length === 0) return
    const at = Math.min(ids.length - 1, Math.max(0, index))
    activeId.value = ids[at] ?? null
    options.reveal(at)
    if (at >= ids.length - 5) options.loadMore()
  }

  /** Moves the active row; with `extend` the rows on the way are chosen. */
  function step(by: number, extend = false): void {
    // A row that has left: go on from where it stood.
    const from =
      activeIndex.value >= 0 ? activeIndex.value : activeId.value === null ? -1 : lastIndex - (by > 0 ? 1 : 0)
    if (!extend) anchor = null
    else if (anchor === null) {
      anchor = activeId.value
      before = options.selection.value
    }
    activate(from < 0 && by < 0 ? 0 : from + by)
    if (extend) chooseRange()
  }

  function chooseRange(): void {
    const ids = options.ids()
    const [from, to] = [ids.indexOf(anchor ?? -1), activeIndex.value].sort((a, b) => a - b)
    if (from === undefined || to === undefined || from < 0) return
    if (options.selection.value.size === 0) before = new Set()
    options.selection.value = new Set([...before, ...ids.slice(from, to + 1)])
  }

  /** Chooses or lets go one row; with `range` everything from the last chosen one. */
  function toggle(id: number, range = false): void {
    activeId.value = id
    if (range && anchor !== null) return chooseRange()
    anchor = id
    const next = new Set(options.selection.value)
    if (!next.delete(id)) next.add(id)
    options.selection.value = before = next
  }

  function onKeydown(event: KeyboardEvent): void {
    if (event.target !== event.currentTarget || event.isComposing || event.altKey) return
    const mod = event.ctrlKey || event.metaKey
    const moves: Record<string, number> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: options.pageRows(),
      PageUp: -options.pageRows(),
      Home: -Infinity,
      End: Infinity,
    }
    const by = moves[event.key]
    if (by !== undefined && !mod) {
      event.preventDefault()
      if (Number.isFinite(by)) step(by, event.shiftKey)
      else activate(by < 0 ? 0 : options.ids().length - 1)
    } else if (event.key === 'Enter' && activeId.value !== null && !mod) {
      event.preventDefault()
      options.open(activeId.value)
    } else if (event.key === 'a' && mod) {
      event.preventDefault()
      anchor = null
      if (options.chooseAll) options.chooseAll()
      else options.selection.value = new Set(options.ids())
    } else if (event.key === 'Escape' && options.selection.value.size > 0) {
      event.preventDefault()
      anchor = null
      options.selection.value = new Set()
    }
  }

  return { activeId, activeIndex, activate, step, toggle, onKeydown }
}
