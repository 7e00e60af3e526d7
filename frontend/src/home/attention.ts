import type { Deal } from '@/api/types'
import { addDays, endOfWeek } from '@/report/period'

/** Why a deal needs somebody. */
export const concerns = ['noNextStep', 'lateStep', 'closingSoon', 'overdue'] as const
/** See {@link concerns}. */
export type Concern = (typeof concerns)[number]

interface ConcernList {
  sort: string
  filters: Record<string, readonly string[]>
  /** The date that the row shows. */
  date: (deal: Deal) => string | null
}

/** The list behind a concern. */
export function concernList(concern: Concern, today: string, owner: string | null): ConcernList {
  const filters: Record<string, readonly string[]> = { state: ['open'] }
  if (owner !== null) filters['owner_id'] = [owner]
  const yesterday = addDays(today, -1)
  switch (concern) {
    case 'noNextStep':
      return {
        sort: '-amount',
        filters: { ...filters, next_step_on: ['none'] },
        date: (deal) => deal.expected_close_on,
      }
    case 'lateStep':
      return {
        sort: 'next_step_on',
        filters: { ...filters, next_step_on_to: [yesterday] },
        date: (deal) => deal.next_step_on,
      }
    case 'closingSoon':
      return {
        sort: 'expected_close_on',
        filters: { ...filters, expected_close_from: [today], expected_close_to: [endOfWeek(today)] },
        date: (deal) => deal.expected_close_on,
      }
    case 'overdue':
      return {
        sort: 'expected_close_on',
        filters: { ...filters, expected_close_to: [yesterday] },
        date: (deal) => deal.expected_close_on,
      }
  }
}
