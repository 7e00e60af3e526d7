import { decimal, rounded } from '@/deal/decimal'

const whole = 100n * 10n ** 8n

/** A line with its own discount taken off, and the percentage of tax on it. */
export interface PricedLine {
  amount: bigint
  tax: string | null
}

/** What lowers a whole quote: a percentage, or an amount. */
export interface Lowered {
  discount_percent: string | null
  discount_amount: string | null
  prices_include_tax: boolean
}

/** The amounts of a quote as the server computes them: rounded for each line, then added. */
export function quoteAmounts(lines: readonly PricedLine[], quote: Lowered, places: number) {
  const subtotal = lines.reduce((sum, { amount }) => sum + amount, 0n)
  const percent = decimal(quote.discount_percent)
  const off = decimal(quote.discount_amount)
  let [soFar, discount, net, tax] = [0n, 0n, 0n, 0n]
  for (const line of lines) {
    soFar += line.amount
    const less =
      quote.discount_amount === null
        ? rounded((line.amount * percent) / whole, places)
        : // What has added up is rounded, so that nothing is left over.
          (subtotal === 0n ? 0n : rounded((off * soFar) / subtotal, places)) - discount
    discount += less
    const rest = line.amount - less
    const rate = decimal(line.tax)
    const without = quote.prices_include_tax ? rounded((rest * whole) / (whole + rate), places) : rest
    tax += quote.prices_include_tax ? rest - without : rounded((rest * rate) / whole, places)
    net += without
  }
  return { subtotal, discount, net, tax, total: net + tax }
}
