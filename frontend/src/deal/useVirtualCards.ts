import { defaultRangeExtractor, useVirtualizer } from '@tanstack/vue-virtual'
import { computed, nextTick, onMounted, watch, type Ref } from 'vue'
import type { Deal } from '@/api/types'

interface CardOptions {
  scroller: Ref<HTMLElement | null>
  cards: () => readonly Deal[]
  /** Cards that are drawn wherever they stand: the one with the focus, the one in somebody's hand. */
  kept: () => readonly (number | null)[]
  /** More cards are on their way. */
  isLoading: () => boolean
  /** Told when the end of the cards comes near. */
  onNearEnd: () => void
}

const usualHeight = 112
const gap = 8
/** So many cards from the end the next ones are asked for. */
const nearEnd = 16

/** The cards of a column that are in view, and few besides: a column may hold thousands. */
export function useVirtualCards({ scroller, cards, kept, isLoading, onNearEnd }: CardOptions) {
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
        overscan: 4,
        gap,
        paddingStart: 4,
        paddingEnd: 12,
        initialRect: { width: 272, height: 900 },
        rangeExtractor: (range: Parameters<typeof defaultRangeExtractor>[0]) =>
          [...new Set([...defaultRangeExtractor(range), ...always])].sort((a, b) => a - b),
      }
    }),
  )
  // Of the virtual range and not of the element: reading that would have it laid out again with every scroll.
  function look(): void {
    if (cards().length - (virtualizer.value.range?.endIndex ?? -1) < nearEnd) onNearEnd()
  }
  watch(
    () => virtualizer.value.range?.endIndex,
    () => look(),
  )
  watch([cards, isLoading], () => void nextTick(look))
  onMounted(look)

  return {
    /** Told of an element when it is drawn, of null when one is gone: its height is followed meanwhile. */
    measure: (element: HTMLElement | null) => virtualizer.value.measureElement(element),
    rows: computed(() =>
      virtualizer.value.getVirtualItems().flatMap(({ index, start }) => {
        const deal = cards()[index]
        return deal ? [{ deal, index, start }] : []
      }),
    ),
    height: computed(() => virtualizer.value.getTotalSize()),
  }
}
