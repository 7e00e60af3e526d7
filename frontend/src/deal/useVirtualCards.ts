import { defaultRangeExtractor, useVirtualizer } from '@tanstack/vue-virtual'
import { computed, type Ref } from 'vue'
import type { Deal } from '@/api/types'

interface CardOptions {
  scroller: Ref<HTMLElement | null>
  cards: () => readonly Deal[]
  /** Cards that are drawn wherever they stand: the one with the focus, the one in somebody's hand. */
  kept: () => readonly (number | null)[]
}

const usualHeight = 112
const gap = 8

/** The cards of a column that are in view, and few besides: a column may hold thousands. */
export function useVirtualCards({ scroller, cards, kept }: CardOptions) {
  const virtualizer = useVirtualizer(
    computed(() => {
      const all = cards()
      const wanted = new Set(kept())
      const always = all.flatMap((card, index) => (wanted.has(card.id) ? [index] : []))
      return {
        count: all.length,
        getScrollElement: () => scroller.value,
        getItemKey: (index: number) => all[index]?.id ?? index,
        estimateSize: () => usualHeight,
        overscan: 6,
        gap,
        paddingStart: 4,
        paddingEnd: 12,
        initialRect: { width: 272, height: 900 },
        rangeExtractor: (range: Parameters<typeof defaultRangeExtractor>[0]) =>
          [...new Set([...defaultRangeExtractor(range), ...always])].sort((a, b) => a - b),
      }
    }),
  )
  return {
    rows: computed(() =>
      virtualizer.value.getVirtualItems().flatMap(({ index, start }) => {
        const deal = cards()[index]
        return deal ? [{ deal, index, start }] : []
      }),
    ),
    height: computed(() => virtualizer.value.getTotalSize()),
    measure: (element: unknown) => virtualizer.value.measureElement(element as HTMLElement | null),
  }
}
