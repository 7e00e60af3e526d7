import { ref, type Ref, type ShallowReactive } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Deal, Stage } from '@/api/types'
import type { Board } from './board'
import { isSamePlace, placeOf, stepFrom, type PendingMove, type Place } from './boardMoves'
import type { DropTarget } from './dropPlace'
import { useDealMoves } from './useDealMoves'
import type { useGlide } from './useGlide'
import { goalOf, useManyMoves, type Goal } from './useManyMoves'

interface HandOptions {
  view: Ref<Board | undefined>
  /** The cards in the hand, where they stay until they are dropped. */
  held: ShallowReactive<Map<number, PendingMove>>
  stages: Ref<ReadonlyMap<number, Stage>>
  names: Ref<ReadonlyMap<string, string>>
  cardOf: (id: number) => Deal | undefined
  /** The deals that go along with a card. */
  together: (id: number) => Deal[]
  glide: ReturnType<typeof useGlide>
}

/** What a hand does with cards: lifts them, drops them, moves one by a step; and says where it went. */
export function useBoardHand({ view, held, stages, names, cardOf, together, glide }: HandOptions) {
  const { t } = useI18n()
  const moves = useDealMoves()
  const many = useManyMoves(moves)
  const announcement = ref('')

  function announce(id: number): void {
    const place = view.value && placeOf(view.value, id)
    const column = view.value?.columns.find((entry) => entry.key === place?.key)
    if (!column) return
    announcement.value = t('deal.announceMoved', {
      name: cardOf(id)?.name ?? '',
      stage: names.value.get(column.key) ?? '',
      position: column.cards.findIndex((card) => card.id === id) + 1,
      count: column.count,
    })
  }
  async function tellOutcome(deal: Deal, done: Promise<boolean>): Promise<void> {
    announce(deal.id)
    if (!(await done)) announcement.value = t('deal.announceBack', { name: deal.name })
  }

  /** What going to a place means. */
  function goalAt(place: Place): Goal | null {
    const column = view.value?.columns.find((entry) => entry.key === place.key)
    if (!column) return null
    if (column.stage_id === null) return goalOf(column)
    const stage = stages.value.get(column.stage_id)
    return stage ? { kind: 'stage', stage, afterId: place.afterId } : null
  }
  function go(deals: readonly Deal[], goal: Goal): Promise<boolean> {
    const [first] = deals
    if (!first) return Promise.resolve(false)
    if (deals.length === 1 && goal.kind === 'stage') return moves.move(first, goal.stage, goal.afterId)
    return many.move(deals, goal)
  }

  function lift(id: number): void {
    for (const deal of together(id)) {
      const place = view.value && placeOf(view.value, deal.id)
      const column = view.value?.columns.find((entry) => entry.key === place?.key)
      if (!place || !column) continue
      const index = column.cards.findIndex((card) => card.id === deal.id)
      held.set(deal.id, { deal, change: (of) => of, afterId: place.afterId, held: { key: place.key, index } })
    }
  }

  /** Lets the cards go; true when they went somewhere. */
  function drop(id: number, target: DropTarget | null): boolean {
    const deals = [...held.values()].map(({ deal }) => deal)
    const [first] = deals
    const from = view.value
    held.clear()
    if (!first || !from || !target) return false
    glide.keepStill(deals.map((deal) => deal.id))
    if (target.kind === 'zone') {
      if (target.zone === 'lost') void (deals.length === 1 ? moves.lose(first) : many.lose(deals))
      else if (deals.length === 1) void moves.win(first)
      else {
        const won = [...stages.value.values()].find((stage) => stage.kind === 'won')
        if (won) void many.move(deals, { kind: 'stage', stage: won })
      }
      return true
    }
    if (deals.length === 1 && isSamePlace(from, id, target)) return false
    // A card that goes along cannot be the one to stand behind.
    const goal = goalAt({
      key: target.key,
      afterId: neighbourAbove(from, target, new Set(deals.map((deal) => deal.id))),
    })
    if (!goal) return false
    void tellOutcome(cardOf(id) ?? first, go(deals, goal))
    return true
  }

  function step(id: number, key: string): void {
    const deal = cardOf(id)
    const place = view.value && stepFrom(view.value, id, key)
    const goal = place && goalAt(place)
    if (deal && goal) void tellOutcome(deal, go([deal], goal))
  }

  return { moves, many, announcement, lift, drop, step }
}

function neighbourAbove(board: Board, target: Place, moving: ReadonlySet<number>): number | null {
  const cards = board.columns.find((column) => column.key === target.key)?.cards ?? []
  let at = cards.findIndex((card) => card.id === target.afterId)
  while (at >= 0 && moving.has(cards[at]?.id ?? 0)) at -= 1
  return at < 0 ? null : (cards[at]?.id ?? null)
}
