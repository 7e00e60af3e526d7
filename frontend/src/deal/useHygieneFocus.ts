import { computed, nextTick, ref, watch, type Ref } from 'vue'
import type { Deal } from '@/api/types'
import type { HygieneEntry } from './useHygiene'

/** The row that the keys are about: the one with the focus, which passes on when its deal is in order. */
export function useHygieneFocus(
  root: Readonly<Ref<HTMLElement | null>>,
  entries: Ref<readonly HygieneEntry[]>,
  reveal: (index: number) => void,
) {
  const currentId = ref<number | null>(null)
  const deals = computed(() => entries.value.flatMap((entry) => ('deal' in entry ? [entry.deal] : [])))
  const current = computed<Deal | null>(
    () => deals.value.find(({ id }) => id === currentId.value) ?? deals.value[0] ?? null,
  )

  async function focusOn(deal: Deal | undefined): Promise<void> {
    if (!deal) return
    currentId.value = deal.id
    reveal(entries.value.findIndex((entry) => 'deal' in entry && entry.deal.id === deal.id))
    await nextTick()
    // A row that was out of sight is drawn in the frame after.
    requestAnimationFrame(() =>
      root.value
        ?.querySelector<HTMLElement>(`[data-deal="${deal.id}"] a[data-hygiene-row]`)
        ?.focus({ preventScroll: true }),
    )
  }
  function step(by: number): void {
    const at = deals.value.findIndex(({ id }) => id === currentId.value)
    const next = at < 0 ? (by > 0 ? 0 : deals.value.length - 1) : at + by
    void focusOn(deals.value[Math.min(deals.value.length - 1, Math.max(0, next))])
  }

  let hadFocus = false
  /** Gives the focus to the current row where nothing else has it. */
  function regain(): void {
    const active = document.activeElement
    if (hadFocus && (active === null || active === document.body)) void focusOn(current.value ?? undefined)
  }
  watch(
    deals,
    (now, before) => {
      const at = before.findIndex(({ id }) => id === currentId.value)
      if (at < 0 || now.some(({ id }) => id === currentId.value)) return
      // With the row its focus has gone; the next one takes its place.
      currentId.value = now[Math.min(at, now.length - 1)]?.id ?? null
      regain()
    },
    { flush: 'post' },
  )

  return {
    current,
    /** After a dialog: what it returns the focus to may have gone. */
    regain: () => void setTimeout(regain),
    step,
    note: (deal: Deal): void => {
      currentId.value = deal.id
      hadFocus = true
    },
  }
}
