import type { Deal } from '@/api/types'

/** How it stands with a deal's next step; closed deals need none. */
export type NextStepState = 'planned' | 'today' | 'overdue' | 'none' | 'closed'

/**
 * How it stands with a deal's next step.
 *
 * @param today The reader's date, `2026-11-22`.
 */
export function nextStepState(deal: Pick<Deal, 'state' | 'next_step_on'>, today: string): NextStepState {
  if (deal.state !== 'open') return 'closed'
  if (!deal.next_step_on) return 'none'
  return deal.next_step_on < today ? 'overdue' : deal.next_step_on === today ? 'today' : 'planned'
}

/** Whole days since an instant. */
export function daysSince(at: string, now: number): number {
  return Math.max(0, Math.floor((now - Date.parse(at)) / 86_400_000))
}

/** Whether an open deal has been at its stage for longer than is usual there. */
export function isAgeing(deal: Deal, expectedDays: number | null | undefined, now: number): boolean {
  return deal.state === 'open' && expectedDays != null && daysSince(deal.stage_entered_at, now) > expectedDays
}

/** An open deal of which nobody has heard or written for so many days is silent. */
export const silentDays = 14

/** Days since the last contact or change of an open deal, where it is silent; else null. */
export function silentFor(
  deal: Pick<Deal, 'state' | 'last_contacted_at' | 'updated_at'>,
  now: number,
): number | null {
  if (deal.state !== 'open') return null
  const contact = deal.last_contacted_at ? daysSince(deal.last_contacted_at, now) : Infinity
  const days = Math.min(contact, daysSince(deal.updated_at, now))
  return days >= silentDays ? days : null
}

/** Whether the day on which an open deal was to be closed has gone by. */
export function isLate(deal: Pick<Deal, 'state' | 'expected_close_on'>, today: string): boolean {
  return deal.state === 'open' && deal.expected_close_on !== null && deal.expected_close_on < today
}

/** A date so many days before or after another. */
export function shiftDate(on: string, days: number): string {
  return new Date(Date.parse(`${on}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)
}
