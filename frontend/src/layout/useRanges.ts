import { useFormat } from '@/i18n/format'
import type { ListState } from '@/records/listState'

/** A filter from one value to another, both inclusive; each end is a parameter of its own. */
export interface ListRange {
  from: string
  to: string
  label: string
  /** `moments` are chosen by their days: the parameters are the first moment and the first one after. */
  kind: 'date' | 'number' | 'moments'
}

/** The ends of a range as they are shown. */
export interface RangeEnds {
  from: string | null
  to: string | null
}

const isDay = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text)

function shifted(day: string, by: number): string {
  const at = new Date(`${day}T00:00:00Z`)
  at.setUTCDate(at.getUTCDate() + by)
  return at.toISOString().slice(0, 10)
}

/** Reads and writes the ranges of a list. */
export function useRanges(state: ListState) {
  const { dayOf } = useFormat()

  /** The day of the reader on which a moment lies, so many milliseconds before it. */
  function dayAt(moment: string, before: number): string {
    const at = Date.parse(moment)
    return Number.isNaN(at) ? moment : dayOf(new Date(at - before))
  }

  return {
    endsOf(range: ListRange): RangeEnds {
      const [from, to] = [range.from, range.to].map((key) => state.choice.value.filters[key]?.[0] ?? null)
      if (range.kind !== 'moments') return { from: from ?? null, to: to ?? null }
      return {
        from: from && !isDay(from) ? dayAt(from, 0) : (from ?? null),
        to: to && (isDay(to) ? shifted(to, -1) : dayAt(to, 1)),
      } as RangeEnds
    },
    set(range: ListRange, { from, to }: RangeEnds): void {
      const end = to !== null && range.kind === 'moments' && isDay(to) ? shifted(to, 1) : to
      state.setFilters({
        [range.from]: from === null ? [] : [from],
        [range.to]: end === null ? [] : [end],
      })
    },
  }
}
