/** A rate that was read from a line of a sheet. */
export interface SheetRate {
  currency: string
  valid_on: string
  rate: string
}

/** What is wrong with a line: its words are `admin.currency.sheet.<fault>`. */
export type SheetFault = 'columns' | 'currency' | 'base' | 'date' | 'rate' | 'repeated'

/** A line of a sheet that holds something. */
export interface SheetLine {
  /** Its place in the text, from 1. */
  line: number
  text: string
  rate: SheetRate | null
  fault: SheetFault | null
}

/** A date as sheets write it (`2026-11-02`, `2026/11/2`, `2.11.2026`), as `2026-11-02`; null when it is none. */
export function sheetDate(text: string): string | null {
  const match =
    /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$/.exec(text) ??
    /^(?<day>\d{1,2})\.(?<month>\d{1,2})\.(?<year>\d{4})$/.exec(text)
  if (!match) return null
  const named = match.groups
  const [year = '', month = '', date = ''] = named
    ? [named['year'], named['month'], named['day']]
    : match.slice(1)
  const day = `${year}-${month.padStart(2, '0')}-${date.padStart(2, '0')}`
  const moment = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(day) ? day : null
}

function cells(line: string): string[] {
  const separator = line.includes('\t') ? /\t/ : /[,;\s]+/
  return line
    .split(separator)
    .map((cell) => cell.trim())
    .filter(Boolean)
}

/**
 * Reads currency, date and rate from each line, parted by tabs, commas, semicolons or spaces. A heading is skipped.
 *
 * @param known The codes of all currencies.
 * @param base The base currency, which has no rate.
 */
export function readSheet(text: string, known: ReadonlySet<string>, base: string): SheetLine[] {
  const seen = new Set<string>()
  const lines: SheetLine[] = []
  text
    .normalize('NFKC')
    .split(/\r\n|\r|\n/)
    .forEach((raw, at) => {
      const line = raw.trim()
      if (line === '' || (lines.length === 0 && !/\d/.test(line))) return
      const judged = judge(cells(line), known, base)
      const key = typeof judged === 'string' ? '' : `${judged.currency} ${judged.valid_on}`
      const isRepeated = key !== '' && seen.has(key)
      seen.add(key)
      const isGood = typeof judged !== 'string' && !isRepeated
      lines.push({
        line: at + 1,
        text: line,
        rate: isGood ? judged : null,
        fault: typeof judged === 'string' ? judged : isRepeated ? 'repeated' : null,
      })
    })
  return lines
}

function judge(parts: readonly string[], known: ReadonlySet<string>, base: string): SheetRate | SheetFault {
  if (parts.length !== 3) return 'columns'
  const [code = '', day = '', rate = ''] = parts
  const currency = code.toUpperCase()
  if (!known.has(currency)) return 'currency'
  if (currency === base) return 'base'
  const valid_on = sheetDate(day)
  if (valid_on === null) return 'date'
  if (!/^\d{1,9}(\.\d{1,10})?$/.test(rate) || Number(rate) === 0) return 'rate'
  return { currency, valid_on, rate }
}
