import { shallowReactive } from 'vue'
import { useI18n } from 'vue-i18n'
import { Problem } from '@/api/problem'
import { Receipt } from '@/api/receipt'
import { rest } from '@/api/rest'
import type { Deal, Stage } from '@/api/types'
import { explain } from '@/i18n/problem'
import { useLive } from '@/records/context'
import { patchWithConflict, type Changes } from '@/records/save'
import { useCustomFields } from '@/records/useCustomFields'
import { toast } from '@/ui/toasts'
import { dealAt, type PendingMove } from './boardMoves'
import { ask, type LossReason } from './questions'
import { missingFields, refusedFields } from './requiredFields'
import { usePipelines } from './usePipelines'

/** What is to happen with a deal. */
export type Intent =
  | { verb: 'move'; stage: Stage; afterId?: number | null }
  | { verb: 'win' }
  | { verb: 'lose'; why: LossReason }
  | { verb: 'reopen'; stage?: Stage }

/** Cards that stand where the server has not confirmed them yet. Boards draw them there. */
export const pendingMoves = shallowReactive(new Map<number, PendingMove>())

/** The last move of each deal that is on its way: the next one waits for it. */
const underWay = new Map<number, Promise<Deal | null>>()

// What somebody else changed and the move does not touch is no reason to refuse the move.
const ownFields = new Set(['stage_id', 'pipeline_id', 'state', 'closed_on', 'is_active'])

function bodyOf(intent: Intent): object {
  if (intent.verb === 'move') {
    return {
      stage_id: intent.stage.id,
      ...(intent.afterId === undefined ? {} : { after_id: intent.afterId }),
    }
  }
  if (intent.verb === 'lose') {
    const { reason, note, closed_on } = intent.why
    return { reason, ...(note ? { note } : {}), ...(closed_on ? { closed_on } : {}) }
  }
  return intent.verb === 'reopen' && intent.stage ? { stage_id: intent.stage.id } : {}
}

/** Moving, winning, losing and reopening deals: shown at once, taken back with the server's reason. */
export function useDealMoves() {
  const { t } = useI18n()
  const { cache, undo } = useLive()
  const { byId, stage } = usePipelines()
  const custom = useCustomFields('deals')
  const askable = (): string[] => custom.fields.value.map(({ key }) => key)

  function targetOf(deal: Deal, intent: Intent): Stage | null {
    if (intent.verb === 'move') return intent.stage
    if (intent.verb === 'reopen' && intent.stage) return intent.stage
    const kind = intent.verb === 'win' ? 'won' : intent.verb === 'lose' ? 'lost' : 'open'
    return byId(deal.pipeline_id)?.stages.find((entry) => entry.kind === kind) ?? null
  }

  async function send(deal: Deal, intent: Intent, receipt: Receipt): Promise<Deal> {
    let { version } = deal
    let body = bodyOf(intent)
    for (let round = 0; ; round += 1) {
      try {
        return await rest.post<Deal>(`/deals/${deal.id}/${intent.verb}`, body, { version, receipt })
      } catch (fault) {
        if (!(fault instanceof Problem) || round >= 5) throw fault
        const current = fault.body['current'] as Deal | undefined
        const changed = (fault.body['changed_fields'] as string[] | undefined) ?? []
        if (fault.status === 412 && current && !changed.some((field) => ownFields.has(field))) {
          version = current.version
        } else if (fault.errors.length > 0 && fault.errors.every(({ pointer }) => pointer === '#/after_id')) {
          // The neighbour has left meanwhile: the top of the column is in sight.
          body = { ...body, after_id: null }
        } else throw fault
      }
    }
  }

  /** Asks for what the stage wants to know; null when the person turned away. */
  function complete(
    deal: Deal,
    target: Stage,
    fields: readonly string[],
    receipt: Receipt,
  ): Promise<Deal | null> {
    async function save(changes: Changes): Promise<Deal> {
      // Only what is empty is filled in: it meets nobody's change but the same one.
      const saved = await patchWithConflict<Deal>(
        `/deals/${deal.id}`,
        deal,
        changes,
        async (met) => Object.fromEntries(met.map(({ field }) => [field, 'mine' as const])),
        receipt,
      )
      cache.put('deals', saved)
      return saved
    }
    return ask<'fields'>({ kind: 'fields', deal, stage: target, fields, save })
  }

  async function carryOut(
    deal: Deal,
    intent: Intent,
    target: Stage | null,
    receipt: Receipt,
  ): Promise<Deal | null> {
    let latest = deal
    if (target && target.id !== deal.stage_id) {
      const missing = missingFields(target, deal, askable())
      if (missing.length > 0) {
        const completed = await complete(deal, target, missing, receipt)
        if (!completed) return null
        latest = completed
      }
    }
    for (;;) {
      try {
        return await send(latest, intent, receipt)
      } catch (fault) {
        const refused = refusedFields(fault)
        if (refused.length === 0 || !target) throw fault
        const completed = await complete(latest, target, refused, receipt)
        if (!completed) return null
        latest = completed
      }
    }
  }

  /** Says why a card went back: a colleague was first, or the server's words. */
  function tellRefusal(deal: Deal, fault: unknown): void {
    if (fault instanceof Problem && fault.status === 412 && fault.body['current']) {
      const current = fault.body['current'] as Deal
      cache.put('deals', current)
      const name = stage(current.stage_id)?.name ?? current.stage.name
      toast(t('deal.movedMeanwhile', { name: current.name, stage: name }), { tone: 'error' })
      return
    }
    if (fault instanceof Problem && fault.status === 404) cache.drop('deals', deal.id)
    const words = explain(fault)
    if (words) toast(words, { tone: 'error' })
  }

  /**
   * Carries out an intent. The deal stands at its new place at once; a refusal slides it back.
   *
   * @param receipt Takes down what was changed: what the stage wanted to know, and the move itself.
   * @returns The deal as the server has it, null when nothing was done.
   */
  async function run(deal: Deal, intent: Intent, receipt: Receipt): Promise<Deal | null> {
    const target = targetOf(deal, intent)
    const shown: PendingMove = {
      deal,
      change: (of) => dealAt(of, target),
      afterId: intent.verb === 'move' ? (intent.afterId ?? null) : null,
    }
    pendingMoves.set(deal.id, shown)
    const former = underWay.get(deal.id)
    const move = (async (): Promise<Deal | null> => {
      // A move that waits for another starts from where that one ended; when that failed, it makes no sense.
      const start = former ? await former : deal
      if (!start) return null
      cache.overlay('deals', dealAt(start, target), start.version)
      try {
        const done = await carryOut(start, intent, target, receipt)
        if (done) cache.put('deals', done)
        else cache.overlay('deals', start, start.version)
        return done
      } catch (fault) {
        cache.overlay('deals', start, start.version)
        tellRefusal(start, fault)
        return null
      }
    })()
    underWay.set(deal.id, move)
    try {
      return await move
    } finally {
      if (pendingMoves.get(deal.id) === shown) pendingMoves.delete(deal.id)
      if (underWay.get(deal.id) === move) underWay.delete(deal.id)
    }
  }

  /** Moves a deal to a place of a stage; losing asks for the reason first. Resolves true when it stands there. */
  async function move(deal: Deal, to: Stage, afterId?: number | null): Promise<boolean> {
    if (to.kind === 'lost' && deal.state !== 'lost') return lose(deal)
    const receipt = new Receipt()
    const place = afterId === undefined ? {} : { afterId }
    const done = await run(deal, { verb: 'move', stage: to, ...place }, receipt)
    if (done && to.id !== deal.stage_id) {
      const words = to.kind === 'won' ? 'deal.wonIt' : 'deal.movedTo'
      undo.offer(t(words, { name: deal.name, stage: to.name }), receipt)
    }
    return done !== null
  }

  /** Wins a deal. */
  async function win(deal: Deal): Promise<boolean> {
    const receipt = new Receipt()
    const done = await run(deal, { verb: 'win' }, receipt)
    if (done) undo.offer(t('deal.wonIt', { name: deal.name }), receipt)
    return done !== null
  }

  /** Asks why, and loses a deal. The card stands in the lost column while the question is open. */
  async function lose(deal: Deal): Promise<boolean> {
    const target = byId(deal.pipeline_id)?.stages.find((entry) => entry.kind === 'lost') ?? null
    const shown: PendingMove = { deal, change: (of) => dealAt(of, target), afterId: null }
    pendingMoves.set(deal.id, shown)
    const why = await ask<'loss'>({ kind: 'loss', deal })
    if (pendingMoves.get(deal.id) === shown) pendingMoves.delete(deal.id)
    if (!why) return false
    const receipt = new Receipt()
    const isDone = await loseFor(deal, why, receipt)
    if (isDone) undo.offer(t('deal.lostIt', { name: deal.name }), receipt)
    return isDone
  }

  /** Loses a deal for a reason; who asks for it tells of it. */
  async function loseFor(deal: Deal, why: LossReason, receipt: Receipt): Promise<boolean> {
    return (await run(deal, { verb: 'lose', why }, receipt)) !== null
  }

  /** Takes a closed deal back to an open stage. */
  async function reopen(deal: Deal, to?: Stage): Promise<boolean> {
    const receipt = new Receipt()
    const done = await run(deal, { verb: 'reopen', ...(to ? { stage: to } : {}) }, receipt)
    if (done) undo.offer(t('deal.reopenedIt', { name: deal.name, stage: done.stage.name }), receipt)
    return done !== null
  }

  /** Asks for a stage and moves the deal there. */
  async function moveTo(deal: Deal): Promise<boolean> {
    const stages = byId(deal.pipeline_id)?.stages ?? []
    const to = await ask<'stage'>({ kind: 'stage', deal, stages })
    return to ? move(deal, to, null) : false
  }

  return { move, win, lose, loseFor, reopen, moveTo, complete, askable }
}
