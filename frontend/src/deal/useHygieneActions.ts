import { useI18n } from 'vue-i18n'
import { Receipt } from '@/api/receipt'
import type { Deal } from '@/api/types'
import { useFormat } from '@/i18n/format'
import { explainChange } from '@/i18n/problem'
import { useLive } from '@/records/context'
import { useSave, type Changes } from '@/records/save'
import { toast } from '@/ui/toasts'
import { nextStageOf } from './hygiene'
import { shiftDate } from './nextStep'
import { useDealCommit } from './useDealCommit'
import { useDealMoves } from './useDealMoves'
import { usePipelines } from './usePipelines'

/** What puts a deal in order with one click, each with a way back. */
export function useHygieneActions(today: () => string) {
  const { t } = useI18n()
  const { date } = useFormat()
  const { undo } = useLive()
  const save = useSave('deals')
  const { describe } = useDealCommit()
  const moves = useDealMoves()
  const { byId } = usePipelines()

  /** Saves changes and offers to take them back; resolves with what is wrong, null when all is well. */
  async function change(deal: Deal, changes: Changes, said: string): Promise<string | null> {
    const receipt = new Receipt()
    try {
      await save(deal, changes, { describe, receipt })
      undo.offer(said, receipt)
      return null
    } catch (fault) {
      return explainChange(fault, changes)
    }
  }

  /** Dates the next step, and words it where words are given. */
  function planStep(deal: Deal, on: string, step?: string | null): Promise<string | null> {
    const changes = { next_step_on: on, ...(step === undefined ? {} : { next_step: step }) }
    return change(deal, changes, t('hygiene.stepSet', { name: deal.name, date: date(on) }))
  }

  /** Sets another day on which the deal is expected to close. */
  function moveClose(deal: Deal, on: string): Promise<string | null> {
    return change(
      deal,
      { expected_close_on: on },
      t('hygiene.closeMoved', { name: deal.name, date: date(on) }),
    )
  }

  /** The same by a number of days from today; what is wrong is told by a toast. */
  async function inDays(deal: Deal, what: 'step' | 'close', days: number): Promise<void> {
    const on = shiftDate(today(), days)
    const fault = await (what === 'step' ? planStep(deal, on) : moveClose(deal, on))
    if (fault) toast(fault, { tone: 'error' })
  }

  const nextStage = (deal: Deal) => nextStageOf(deal, byId(deal.pipeline_id))
  /** Moves the deal to the next open stage; at the last one a stage is asked for. */
  async function goOn(deal: Deal): Promise<void> {
    const stage = nextStage(deal)
    await (stage ? moves.move(deal, stage) : moves.moveTo(deal))
  }

  return { ...moves, planStep, moveClose, inDays, nextStage, goOn }
}
