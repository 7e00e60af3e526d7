import type { Deal, Pipeline, Stage } from '@/api/types'
import type { ListSpec } from '@/records/listSpec'
import { dealList } from './dealList'
import { isLate, nextStepState, silentDays, silentFor } from './nextStep'

/** What an open deal can be wanting in, as the contract names it, in the order of the page. */
export const faults = ['no_next_step', 'overdue', 'silent', 'too_long'] as const
/** See {@link faults}. */
export type Fault = (typeof faults)[number]

/** One thing to put in order, and how long it has been so; `day` counts the one under way. */
export type Want =
  | { kind: 'no_next_step' }
  | { kind: 'late_step'; days: number }
  | { kind: 'late_close'; days: number }
  | { kind: 'silent'; days: number }
  | { kind: 'too_long'; day: number; usual: number }

/** When a deal is looked at, and what is usual at its stage. */
export interface Moment {
  /** The reader's date. */
  today: string
  now: number
  usualDays: (stageId: number) => number | null
}

const dayMs = 86_400_000
const daysBetween = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / dayMs

/**
 * What a deal is wanting in.
 *
 * @param isSilent The server's word: it also knows who was in touch with the customer.
 */
export function wantsOf(deal: Deal, { today, now, usualDays }: Moment, isSilent: boolean): Want[] {
  if (deal.state !== 'open') return []
  const wants: Want[] = []
  const step = nextStepState(deal, today)
  if (step === 'none') wants.push({ kind: 'no_next_step' })
  if (step === 'overdue' && deal.next_step_on)
    wants.push({ kind: 'late_step', days: daysBetween(deal.next_step_on, today) })
  if (isLate(deal, today) && deal.expected_close_on)
    wants.push({ kind: 'late_close', days: daysBetween(deal.expected_close_on, today) })
  if (isSilent) wants.push({ kind: 'silent', days: silentFor(deal, now) ?? silentDays })
  const usual = usualDays(deal.stage_id)
  const stay = (now - Date.parse(deal.stage_entered_at)) / dayMs
  if (usual !== null && stay > usual) wants.push({ kind: 'too_long', day: Math.ceil(stay), usual })
  return wants
}

const faultOf: Record<Want['kind'], Fault> = {
  no_next_step: 'no_next_step',
  late_step: 'overdue',
  late_close: 'overdue',
  silent: 'silent',
  too_long: 'too_long',
}

/**
 * The list of deals as the page of hygiene reads it: a deal that was put in order here leaves at once. What may be
 * silent stays until the server has judged, which also knows who was in touch with the customer.
 */
export function hygieneList(moment: () => Moment): ListSpec<'deals'> {
  return {
    ...dealList,
    defaultSort: 'owner_id,-amount',
    filters: {
      ...dealList.filters,
      hygiene: (deal, values) =>
        wantsOf(deal, moment(), silentFor(deal, moment().now) !== null).some(({ kind }) =>
          values.includes(faultOf[kind]),
        ),
    },
  }
}

/** The open stage after the one that a deal is at; null at the last one. */
export function nextStageOf(deal: Pick<Deal, 'stage_id'>, pipeline: Pipeline | undefined): Stage | null {
  const stages = pipeline?.stages.filter(({ kind }) => kind === 'open') ?? []
  const at = stages.findIndex(({ id }) => id === deal.stage_id)
  return at < 0 ? null : (stages[at + 1] ?? null)
}

/** Days ahead that are offered for a next step, and for an expected close that has passed. */
export const stepChoices = [1, 3, 7] as const
/** See {@link stepChoices}. */
export const closeChoices = [7, 30] as const
