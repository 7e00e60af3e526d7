import { computed } from 'vue'
import { hueFor, hueOf, type Hue } from '@/ui/tokens'
import { useReference } from './useReference'

/** The words that customers are marked with, and their colours: the one that was chosen, else one that follows from the name. */
export function useTags() {
  const rows = useReference('tags')
  const chosen = computed(
    () =>
      new Map(
        rows.value.flatMap((tag) =>
          tag.colour ? [[tag.name.toLowerCase(), hueOf(tag.colour)] as const] : [],
        ),
      ),
  )
  return {
    rows,
    /** Changes when a colour does: for rows that are drawn from memory. */
    colours: chosen,
    hue: (name: string): Hue => chosen.value.get(name.toLowerCase()) ?? hueFor(name),
  }
}
