import { computed, ref, shallowRef, watch, type Ref } from 'vue'
import type { Deal } from '@/api/types'
import type { Selection, Target } from '@/records/selection'
import type { Board } from './board'

/** Which cards are chosen to go together: by Ctrl or Shift with a click, or by X. */
export function useBoardSelection(board: Ref<Board | undefined>, mayChoose: (id: number) => boolean) {
  const chosen = shallowRef<ReadonlySet<number>>(new Set())
  let anchor: number | null = null

  /** Takes a card in, or out again. */
  function toggle(id: number): void {
    if (!mayChoose(id)) return
    const next = new Set(chosen.value)
    if (!next.delete(id)) next.add(id)
    chosen.value = next
    anchor = id
  }
  /** Takes in the cards between the one chosen last and this one, as far as they stand in one column. */
  function extend(id: number): void {
    const cards =
      board.value?.columns.find((column) => column.cards.some((card) => card.id === id))?.cards ?? []
    const [from, to] = [
      cards.findIndex((card) => card.id === anchor),
      cards.findIndex((card) => card.id === id),
    ]
    if (from < 0) return toggle(id)
    const span = cards.slice(Math.min(from, to), Math.max(from, to) + 1)
    chosen.value = new Set([...chosen.value, ...span.map((card) => card.id).filter(mayChoose)])
  }
  function clear(): void {
    if (chosen.value.size > 0) chosen.value = new Set()
  }
  function onClick(event: MouseEvent): void {
    const card = (event.target as HTMLElement).closest<HTMLElement>('[data-card]')
    const isChoice = event.ctrlKey || event.metaKey || event.shiftKey
    const id = Number(card?.dataset['card'])
    if (!card || !isChoice || event.button !== 0 || !mayChoose(id)) return
    event.preventDefault()
    event.stopPropagation()
    if (event.shiftKey) extend(id)
    else toggle(id)
  }

  // What has left the board is chosen no more.
  watch(board, (now) => {
    if (chosen.value.size === 0 || !now) return
    const there = new Set(now.columns.flatMap((column) => column.cards.map((card) => card.id)))
    const kept = [...chosen.value].filter((id) => there.has(id))
    if (kept.length < chosen.value.size) chosen.value = new Set(kept)
  })

  /** The chosen deals in the order of the board; with a card that is not among them, that one alone. */
  function together(id: number): Deal[] {
    const all = (board.value?.columns ?? []).flatMap((column) => column.cards)
    return all.filter((card) => (chosen.value.has(id) ? chosen.value.has(card.id) : card.id === id))
  }

  /** As the bar below a list takes it: only cards that are there can be chosen. */
  const asSelection: Selection = {
    chosen: computed({ get: () => chosen.value, set: (ids) => (chosen.value = ids) }),
    isAll: ref(false),
    count: computed(() => chosen.value.size),
    leftCount: computed(() => 0),
    canChooseAll: computed(() => false),
    target: computed<Target>(() => ({ ids: [...chosen.value] })),
    choose: (ids) => (chosen.value = new Set(ids)),
    chooseAll: () => undefined,
    dropLeft: () => undefined,
    clear,
  }
  return { chosen, toggle, clear, onClick, together, asSelection }
}
