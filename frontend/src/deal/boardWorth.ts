import type { Board, BoardColumn, Deal } from '@/api/types'
import { decimal, decimalText, rounded, timesRate } from './decimal'

/** The exact sums of deals that share currency and rate. */
export type Sum = BoardColumn['sums'][number]

/** What tells how the money of a board is converted. */
export type BoardMoney = Pick<Board, 'currency' | 'base_currency' | 'currencies' | 'rates_on'>

const ratePlaces = 10
const rateUnit = 10n ** BigInt(ratePlaces)

/** Whether the rates of a currency are known, were it that it has none. */
export function knowsCurrency(money: BoardMoney, currency: string): boolean {
  return money.currencies.some(({ code }) => code === currency)
}

/** The rate by which a deal is converted: of the day of its closing, while it is open of the board's. */
export function rateOf(money: BoardMoney, deal: Deal): string | null {
  const rates = money.currencies.find(({ code }) => code === deal.currency)?.rates ?? []
  const day = deal.state === 'open' ? money.rates_on : (deal.closed_on ?? money.rates_on)
  // Before its first rate a currency is worth what that one says.
  return (rates.findLast(({ valid_on }) => valid_on <= day) ?? rates[0])?.rate ?? null
}

/** Sums with a deal more, or one less. */
export function withDeal(sums: readonly Sum[], money: BoardMoney, deal: Deal, sign: 1 | -1): Sum[] {
  const { currency } = deal
  const rate = rateOf(money, deal)
  const isSame = (sum: Sum): boolean => sum.currency === currency && sum.rate === rate
  const former = sums.find(isSame)
  const amount = decimal(deal.amount)
  const add = (text: string | undefined, value: bigint): string =>
    decimalText(decimal(text) + BigInt(sign) * value)
  const sum = {
    currency,
    rate,
    count: (former?.count ?? 0) + sign,
    amount: add(former?.amount, amount),
    weighted_amount: add(former?.weighted_amount, timesRate(amount, deal.win_probability)),
  }
  const order = (of: Sum): string => `${of.currency} ${of.rate ?? ''}`
  return [...sums.filter((other) => !isSame(other)), ...(sum.count > 0 ? [sum] : [])].sort((a, b) =>
    order(a) < order(b) ? -1 : 1,
  )
}

/** Whether a sum is part of the totals; else it is listed apart. */
export function isAdded(sum: Sum, money: BoardMoney): boolean {
  if (sum.currency === money.currency) return true
  return money.currency === money.base_currency && sum.rate !== null
}

/** The sums in other currencies that are part of the totals. */
export function convertedOf(sums: readonly Sum[], money: BoardMoney): Sum[] {
  return sums.filter((sum) => sum.currency !== money.currency && isAdded(sum, money))
}

/** How much there is of each currency, whatever its rate. */
export function byCurrency(sums: readonly Pick<Sum, 'currency' | 'amount'>[]): Map<string, string> {
  const amounts = new Map<string, string>()
  for (const { currency, amount } of sums)
    amounts.set(currency, decimalText(decimal(amounts.get(currency)) + decimal(amount)))
  return amounts
}

/**
 * The currency that the server would choose for these sums: the one that everything is in, else the base currency,
 * else, where nothing can be converted into that, the commonest one.
 */
export function chosenCurrency(sums: readonly Sum[], money: BoardMoney): string {
  const base = money.base_currency
  if (sums.every(({ currency }) => currency === money.currency)) return money.currency
  const counts = new Map<string, number>()
  for (const { currency, rate, count } of sums) {
    const code = rate === null ? currency : base
    counts.set(code, (counts.get(code) ?? 0) + count)
  }
  if (counts.has(base)) return base
  const [first] = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? 1 : -1))
  return first?.[0] ?? base
}

/** What a column is worth; rounded once, as on the server, so that both come to the same cent. */
export function worthOf(sums: readonly Sum[], money: BoardMoney) {
  const places = (currency: string): number =>
    money.currencies.find(({ code }) => code === currency)?.decimal_places ?? 2
  const total = (of: readonly Sum[], name: 'amount' | 'weighted_amount', currency: string): string => {
    const exact = of.reduce((all, sum) => {
      const isConverted = sum.currency !== currency && sum.rate !== null
      return all + decimal(sum[name]) * (isConverted ? decimal(sum.rate, ratePlaces) : rateUnit)
    }, 0n)
    return decimalText(rounded(exact, places(currency), ratePlaces) / rateUnit)
  }
  const added = sums.filter((sum) => isAdded(sum, money))
  const apart = new Map<string, Sum[]>()
  for (const sum of sums) {
    if (!isAdded(sum, money)) apart.set(sum.currency, [...(apart.get(sum.currency) ?? []), sum])
  }
  return {
    count: countOf(sums),
    amount: total(added, 'amount', money.currency),
    weighted_amount: total(added, 'weighted_amount', money.currency),
    other_amounts: [...apart]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([currency, of]) => ({
        currency,
        count: countOf(of),
        amount: total(of, 'amount', currency),
        weighted_amount: total(of, 'weighted_amount', currency),
      })),
  }
}

function countOf(sums: readonly Sum[]): number {
  return sums.reduce((all, { count }) => all + count, 0)
}
