import { useI18n } from 'vue-i18n'
import { Problem } from '@/api/problem'
import { Receipt } from '@/api/receipt'
import { rest } from '@/api/rest'
import type { BoardColumn, Deal, Stage } from '@/api/types'
import { explain } from '@/i18n/problem'
import { useLive } from '@/records/context'
import { toast } from '@/ui/toasts'
import { dealAt, dealIn, dealOf } from './boardMoves'
import { ask } from './questions'
import { missingFields } from './requiredFields'
import { pendingMoves, type useDealMoves } from './useDealMoves'

/** Where several cards go at once, or one to an owner or a month. */
export type Goal =
  | { kind: 'stage'; stage: Stage; afterId?: number | null }
  | { kind: 'owner'; owner: { id: number; name: string } }
  | { kind: 'month'; month: string }

/** What dropping a card on a column of an owner or a month means; null where it means nothing. */
export function goalOf(column: BoardColumn): Goal | null {
  if (column.owner) return { kind: 'owner', owner: column.owner }
  return column.month ? { kind: 'month', month: column.month } : null
}

function changeFor(goal: Goal): (deal: Deal) => Deal {
  if (goal.kind === 'stage') return (deal) => dealAt(deal, goal.stage)
  if (goal.kind === 'owner') return (deal) => dealOf(deal, goal.owner)
  return (deal) => dealIn(deal, goal.month)
}

function bodyOf(goal: Goal): object {
  if (goal.kind === 'owner') return { owner_id: goal.owner.id }
  if (goal.kind === 'month') return { close_month: goal.month }
  return { stage_id: goal.stage.id, ...(goal.afterId === undefined ? {} : { after_id: goal.afterId }) }
}

/** Moving several cards in one step: all of them arrive, or none; shown at once, taken back with the reason. */
export function useManyMoves(single: ReturnType<typeof useDealMoves>) {
  const { t } = useI18n()
  const { cache, undo } = useLive()

  /** The refusal in words: the server names the place of each deal that cannot go. */
  function tell(fault: unknown, deals: readonly Deal[]): void {
    const named = fault instanceof Problem ? fault.errors : []
    const words = named
      .map(({ pointer, detail }) => {
        const [, place, field] = /^#\/ids\/(\d+)(?:\/(\w+))?/.exec(pointer ?? '') ?? []
        const name = place === undefined ? undefined : deals[Number(place)]?.name
        const what = field === undefined ? detail : `${t(`deal.field.${field}`)}: ${detail}`
        return name === undefined ? detail : t('deal.refusedOf', { name, why: what })
      })
      .filter((text): text is string => Boolean(text))
    const rest =
      words.length > 3 ? [t('deal.moreRefused', { count: words.length - 3 }, words.length - 3)] : []
    const text = words.length > 0 ? [...words.slice(0, 3), ...rest].join('\n') : explain(fault)
    if (text) toast(text, { tone: 'error' })
  }

  async function send(deals: readonly Deal[], goal: Goal, receipt: Receipt): Promise<Deal[]> {
    const ids = deals.map(({ id }) => id)
    try {
      const body = { ids, ...bodyOf(goal) }
      return (await rest.post<{ data: Deal[] }>('/deals/move', body, { receipt })).data
    } catch (fault) {
      const isNeighbour =
        fault instanceof Problem &&
        fault.errors.length > 0 &&
        fault.errors.every(({ pointer }) => pointer === '#/after_id')
      if (!isNeighbour || goal.kind !== 'stage') throw fault
      // The neighbour has left meanwhile: the top of the column is in sight.
      return send(deals, { ...goal, afterId: null }, receipt)
    }
  }

  /** Moves deals in the given order. Resolves true when all of them stand there. */
  async function run(deals: readonly Deal[], goal: Goal, receipt: Receipt): Promise<boolean> {
    const change = changeFor(goal)
    let afterId = goal.kind === 'stage' ? (goal.afterId ?? null) : null
    for (const deal of deals) {
      pendingMoves.set(deal.id, { deal, change, afterId })
      afterId = deal.id
    }
    const shown = deals.map((deal) => pendingMoves.get(deal.id))
    try {
      const ready: Deal[] = []
      for (const deal of deals) {
        const missing =
          goal.kind === 'stage' && goal.stage.id !== deal.stage_id
            ? missingFields(goal.stage, deal, single.askable())
            : []
        const complete =
          goal.kind !== 'stage' || missing.length === 0
            ? deal
            : await single.complete(deal, goal.stage, missing, receipt)
        if (!complete) return false
        ready.push(complete)
      }
      const moved = await send(ready, goal, receipt)
      const seen = new Set(moved.map(({ id }) => id))
      for (const deal of moved) cache.put('deals', deal)
      for (const { id } of ready) if (!seen.has(id)) cache.drop('deals', id)
      return true
    } catch (fault) {
      tell(fault, deals)
      return false
    } finally {
      deals.forEach(({ id }, index) => {
        if (pendingMoves.get(id) === shown[index]) pendingMoves.delete(id)
      })
    }
  }

  function words(deals: readonly Deal[], goal: Goal): string {
    const count = deals.length
    const to = goal.kind === 'stage' ? goal.stage.name : goal.kind === 'owner' ? goal.owner.name : goal.month
    return count === 1 && deals[0]
      ? t('deal.movedTo', { name: deals[0].name, stage: to })
      : t('deal.manyMoved', { count, stage: to }, count)
  }

  /** Moves deals and offers the way back; losing asks for the reason once, for all. */
  async function move(deals: readonly Deal[], goal: Goal): Promise<boolean> {
    const [first] = deals
    if (!first) return false
    if (goal.kind === 'stage' && goal.stage.kind === 'lost') return lose(deals)
    const receipt = new Receipt()
    if (!(await run(deals, goal, receipt))) return false
    const isElsewhere = goal.kind !== 'stage' || deals.some((deal) => deal.stage_id !== goal.stage.id)
    if (isElsewhere) undo.offer(words(deals, goal), receipt)
    return true
  }

  /** Asks once why, and loses each of the deals. */
  async function lose(deals: readonly Deal[]): Promise<boolean> {
    const [first] = deals
    if (!first) return false
    const why = await ask<'loss'>({ kind: 'loss', deal: first, count: deals.length })
    if (!why) return false
    const receipt = new Receipt()
    const done = await Promise.all(deals.map((deal) => single.loseFor(deal, why, receipt)))
    const count = done.filter(Boolean).length
    const said =
      count === 1 ? t('deal.lostIt', { name: deals[done.indexOf(true)]?.name }) : t('deal.manyLost', count)
    if (count > 0) undo.offer(said, receipt)
    return count === deals.length
  }

  /** Asks for a stage and moves the deals there. */
  async function moveTo(deals: readonly Deal[], stages: readonly Stage[]): Promise<boolean> {
    const [first] = deals
    if (!first) return false
    const to = await ask<'stage'>({ kind: 'stage', deal: first, stages, count: deals.length })
    return to ? move(deals, { kind: 'stage', stage: to, afterId: null }) : false
  }

  return { move, lose, moveTo }
}
