/** A span of days, both inclusive, as `2026-11-22`; null is open. */
export interface Span {
  from: string | null
  to: string | null
}

/** Spans that can be chosen by name. */
export const periods = [
  'this_month',
  'last_month',
  'this_quarter',
  'last_quarter',
  'this_year',
  'last_year',
  'all',
] as const

/** See {@link periods}. */
export type Period = (typeof periods)[number]

function parts(day: string): [year: number, month: number, date: number] {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  return [year, month, date]
}

function dayAt(year: number, month: number, date: number): string {
  return new Date(Date.UTC(year, month - 1, date)).toISOString().slice(0, 10)
}

/** A day so many days later. */
export function addDays(day: string, count: number): string {
  const [year, month, date] = parts(day)
  return dayAt(year, month, date + count)
}

/** The Sunday that ends the week of a day. */
export function endOfWeek(day: string): string {
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay()
  return addDays(day, (7 - weekday) % 7)
}

/**
 * The days of a period. One that is still running goes up to today, so that the period before it has as many
 * days and the two can be compared.
 */
export function spanOf(period: Period, today: string): Span {
  const [year, month] = parts(today)
  const quarter = month - ((month - 1) % 3)
  switch (period) {
    case 'this_month':
      return { from: dayAt(year, month, 1), to: today }
    case 'last_month':
      return { from: dayAt(year, month - 1, 1), to: dayAt(year, month, 0) }
    case 'this_quarter':
      return { from: dayAt(year, quarter, 1), to: today }
    case 'last_quarter':
      return { from: dayAt(year, quarter - 3, 1), to: dayAt(year, quarter, 0) }
    case 'this_year':
      return { from: dayAt(year, 1, 1), to: today }
    case 'last_year':
      return { from: dayAt(year - 1, 1, 1), to: dayAt(year - 1, 12, 31) }
    case 'all':
      return { from: null, to: null }
  }
}

/**
 * The span before another one, as the server reckons it: as many whole months before whole months, else as many days.
 * Nothing lies before a span without a first day; one without a last day reaches to today.
 */
export function spanBefore(span: Span, today: string): { from: string; to: string } | null {
  if (span.from === null) return null
  const last = span.to ?? (today > span.from ? today : span.from)
  const [year, month, date] = parts(span.from)
  const [lastYear, lastMonth] = parts(last)
  const to = addDays(span.from, -1)
  if (date === 1 && last === dayAt(lastYear, lastMonth + 1, 0)) {
    const months = (lastYear - year) * 12 + lastMonth - month + 1
    return { from: dayAt(year, month - months, 1), to }
  }
  const length = (Date.parse(last) - Date.parse(span.from)) / 86_400_000
  return { from: addDays(to, -length), to }
}

/** The name of a span, when it has one today. */
export function periodOf(span: Span, today: string): Period | null {
  return (
    periods.find((period) => {
      const named = spanOf(period, today)
      return named.from === span.from && named.to === span.to
    }) ?? null
  )
}

/** True for a day as it stands in an address. */
export function isDay(text: string | null | undefined): text is string {
  return /^\d{4}-\d{2}-\d{2}$/.test(text ?? '') && !Number.isNaN(Date.parse(`${text}T00:00:00Z`))
}
