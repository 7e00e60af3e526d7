import { useVirtualizer } from '@tanstack/vue-virtual'
import { computed, nextTick, watch, type Ref } from 'vue'

interface VirtualOptions {
  scroller: Ref<HTMLElement | null>
  ids: () => readonly number[]
  /** The same number that the style sheet gives a row, or deep scrolling shows the wrong rows. */
  rowHeight: () => number
  headHeight: () => number
  /** Names what is listed: another list starts at its top. */
  listName: () => string
}

/** The rows in view. What a reader looks at stays where it is when rows come or go above it. */
export function useVirtualRows(options: VirtualOptions) {
  const virtualizer = useVirtualizer(
    computed(() => ({
      count: options.ids().length,
      getScrollElement: () => options.scroller.value,
      estimateSize: options.rowHeight,
      overscan: 10,
      scrollMargin: options.headHeight(),
      scrollPaddingStart: options.headHeight(),
      initialRect: { width: 800, height: 800 },
    })),
  )

  watch(options.rowHeight, () => virtualizer.value.measure())

  watch(
    () => [options.ids(), options.listName()] as const,
    ([ids, name], [formerIds, formerName]) => {
      const scroller = options.scroller.value
      if (!scroller) return
      if (name !== formerName) {
        scroller.scrollTop = 0
        return
      }
      const height = options.rowHeight()
      const top = Math.floor(scroller.scrollTop / height)
      if (top <= 0) return
      // The first row in view that is still there is the one that must not move.
      for (let at = top; at < Math.min(formerIds.length, top + 40); at += 1) {
        const now = ids.indexOf(formerIds[at] ?? -1)
        if (now < 0) continue
        if (now !== at) void nextTick(() => (scroller.scrollTop += (now - at) * height))
        return
      }
    },
  )

  return {
    items: computed(() => virtualizer.value.getVirtualItems()),
    height: computed(() => virtualizer.value.getTotalSize()),
    reveal: (index: number) => virtualizer.value.scrollToIndex(index, { align: 'auto' }),
  }
}
