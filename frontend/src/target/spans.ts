/** A month, quarter or year: a column of the grid. */
export interface TargetSpan {
  /** `2026-03`, `2026-Q1`, `2026`. */
  key: string
  kind: 'month' | 'quarter' | 'year'
  /** Number of the month or quarter. */
  number: number
  first: string
}

const two = (value: number): string => String(value).padStart(2, '0')

/** The columns of a year: each quarter behind its months, the year at the end. */
export function spansOf(year: number): TargetSpan[] {
  const spans: TargetSpan[] = []
  for (let month = 1; month <= 12; month += 1) {
    const first = `${year}-${two(month)}-01`
    spans.push({ key: `${year}-${two(month)}`, kind: 'month', number: month, first })
    if (month % 3 === 0) {
      const quarter = month / 3
      spans.push({
        key: `${year}-Q${quarter}`,
        kind: 'quarter',
        number: quarter,
        first: `${year}-${two(month - 2)}-01`,
      })
    }
  }
  return [...spans, { key: String(year), kind: 'year', number: year, first: `${year}-01-01` }]
}

/** The columns that a phone shows: this month, quarter and year, or of another year its quarters and itself. */
export function briefSpans(year: number, today: string): TargetSpan[] {
  const [thisYear, month] = [Number(today.slice(0, 4)), Number(today.slice(5, 7))]
  return spansOf(year).filter(({ kind, number }) =>
    year === thisYear
      ? kind === 'year' || number === (kind === 'month' ? month : Math.ceil(month / 3))
      : kind !== 'month',
  )
}
