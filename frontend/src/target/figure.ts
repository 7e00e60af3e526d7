import { decimal } from '@/deal/decimal'

const powers: Record<string, number> = { 千: 3, 万: 4, 萬: 4, 亿: 8, 億: 8 }
const shape = /^(\d{1,3}(?:[, ']\d{3})+|\d+)(?:\.(\d*))?$|^\.(\d+)$/
const currencySign = /^(?:[¥$€£]|[A-Z]{3}\s)\s*/

/**
 * What a person typed or pasted as a figure: thousands separators, 万 and 亿, a currency sign, full-width digits. What
 * could be read in two ways (`1,5`) is read in none.
 *
 * @returns A decimal string, null for an empty cell, undefined for what is no figure.
 */
export function figureOf(text: string): string | null | undefined {
  const plain = text
    .normalize('NFKC')
    .replace(/[\u2019’]/g, "'")
    .replace(/\s+/g, ' ')
    .trim()
    .replace(currencySign, '')
    .replace(/\s*元$/, '')
  if (plain === '' || plain === '-' || plain === '–' || plain === '—') return null
  const unit = plain.at(-1) ?? ''
  const power = powers[unit] ?? 0
  const match = shape.exec(power ? plain.slice(0, -1).trim() : plain)
  if (!match) return undefined
  const whole = (match[1] ?? '0').replace(/[, ']/g, '')
  const fraction = match[2] ?? match[3] ?? ''
  // The decimal point moves; no number of the language is asked, so no digit is lost.
  const digits = fraction.padEnd(power, '0')
  const left = (whole + digits.slice(0, power)).replace(/^0+(?=\d)/, '')
  const right = digits.slice(power).replace(/0+$/, '')
  return right ? `${left}.${right}` : left
}

/** Whether two decimal strings say the same; null is nothing, which is not zero. */
export function sameFigure(a: string | null, b: string | null): boolean {
  return a === null || b === null ? a === b : decimal(a) === decimal(b)
}
