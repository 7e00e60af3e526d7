/** Exact sums of the decimal strings of the contract: numbers of the language would lose cents in long columns. */
const places = 8
const unit = 10n ** BigInt(places)

/** Reads `"1234.50"`, in units of the last of so many places; null and nonsense count as nothing. */
export function decimal(text: string | null | undefined, to: number = places): bigint {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text ?? '')
  if (!match) return 0n
  const [, sign, whole = '0', fraction = ''] = match
  const value = BigInt(whole + fraction.padEnd(to, '0').slice(0, to))
  return sign ? -value : value
}

/** Writes a value with at least two and at most eight decimal places, as the contract does. */
export function decimalText(value: bigint): string {
  const size = value < 0n ? -value : value
  const fraction = (size % unit).toString().padStart(places, '0').replace(/0+$/, '').padEnd(2, '0')
  return `${value < 0n ? '-' : ''}${size / unit}.${fraction}`
}

/** A share of a value; rates have four decimal places on the server. */
export function timesRate(value: bigint, rate: number | null | undefined): bigint {
  return (value * BigInt(Math.round((rate ?? 0) * 10_000))) / 10_000n
}

/**
 * Rounds half away from zero to so many decimal places.
 *
 * @param finer How many places more than usual the value has.
 */
export function rounded(value: bigint, to: number, finer = 0): bigint {
  const step = 10n ** BigInt(places + finer - to)
  const half = value < 0n ? -step / 2n : step / 2n
  return ((value + half) / step) * step
}

/** The whole amount, for headings where cents are noise. */
export function wholeText(text: string): string {
  return (rounded(decimal(text), 0) / unit).toString()
}

/** What a person typed as a number (`1,234.5`, `１２`), as a decimal string; null when it is none. */
export function typedDecimal(text: string): string | null {
  const plain = text.normalize('NFKC').replace(/[\s,]/g, '')
  return /^\d+(\.\d*)?$|^\.\d+$/.test(plain) ? plain.replace(/^\./, '0.').replace(/\.$/, '') : null
}

/** The amount of a line: quantity times price less the discount, in the places of the currency. */
export function lineAmount(
  quantity: string,
  price: string,
  discountPercent: string | null,
  currencyPlaces: number,
): bigint {
  const gross = (decimal(quantity) * decimal(price)) / unit
  const kept = 100n * unit - decimal(discountPercent)
  return rounded((gross * kept) / (100n * unit), currencyPlaces)
}

/** How many decimal places a currency has. */
export function currencyPlaces(currency: string): number {
  try {
    const format = new Intl.NumberFormat('en', { style: 'currency', currency })
    return format.resolvedOptions().maximumFractionDigits ?? 2
  } catch {
    return 2
  }
}
