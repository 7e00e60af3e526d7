import { computed } from 'vue'
import { i18n, t } from './i18n'
import { useSession } from '@/session/session'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** Which currency a sign that several have stands for by itself. */
const ownerOf: Record<string, string> = { $: 'USD', '¥': 'CNY', '£': 'GBP', kr: 'SEK' }

const signs = new Map<string, Intl.NumberFormatOptions>()

/** How a currency is shown: by its shortest sign, unless that would be taken for another currency's. */
export function currencyStyle(
  language: string,
  currency: string | null | undefined,
): Intl.NumberFormatOptions {
  if (!currency) return {}
  const key = `${language} ${currency}`
  const known = signs.get(key)
  if (known) return known
  const signBy = (currencyDisplay: 'narrowSymbol' | 'symbol'): string =>
    new Intl.NumberFormat(language, { style: 'currency', currency, currencyDisplay })
      .formatToParts(0)
      .find(({ type }) => type === 'currency')?.value ?? ''
  const sign = signBy('narrowSymbol')
  const isOwn = (ownerOf[sign] ?? currency) === currency
  const currencyDisplay = isOwn ? 'narrowSymbol' : signBy('symbol') === sign ? 'code' : 'symbol'
  const style = { style: 'currency', currency, currencyDisplay } as const
  signs.set(key, style)
  return style
}

/** How dates, times, money and numbers are written for this reader. */
export function useFormat() {
  const session = useSession()
  const zone = computed(() => session.user?.time_zone || Intl.DateTimeFormat().resolvedOptions().timeZone)
  const locale = computed(() => i18n.global.locale.value)
  // An Intl object costs more than the formatting: one per shape and language.
  const made = new Map<string, Intl.DateTimeFormat | Intl.NumberFormat>()

  function dates(name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
    const key = `${name} ${locale.value} ${options.timeZone ?? ''}`
    const format = made.get(key) ?? new Intl.DateTimeFormat(locale.value, options)
    made.set(key, format)
    return format as Intl.DateTimeFormat
  }
  function numbers(name: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
    const key = `${name} ${locale.value}`
    const format = made.get(key) ?? new Intl.NumberFormat(locale.value, options)
    made.set(key, format)
    return format as Intl.NumberFormat
  }

  /** The day of an instant in the reader's zone, as `2026-11-22`. */
  function dayOf(at: string | Date): string {
    const parts = dates('day', { timeZone: zone.value, year: 'numeric', month: '2-digit', day: '2-digit' })
      .formatToParts(new Date(at))
      .reduce<Record<string, string>>((all, part) => ({ ...all, [part.type]: part.value }), {})
    return `${parts['year']}-${parts['month']}-${parts['day']}`
  }

  /** A date that is a date: no zone moves it. */
  function date(on: string | null | undefined): string {
    if (!on) return ''
    return dates('date', { timeZone: 'UTC', year: 'numeric', month: 'short', day: 'numeric' }).format(
      new Date(`${on}T00:00:00Z`),
    )
  }

  /** A date without the year where it is this year's: for cards and other narrow places. */
  function shortDate(on: string | null | undefined): string {
    if (!on || !on.startsWith(dayOf(new Date()).slice(0, 4))) return date(on)
    return dates('shortDate', { timeZone: 'UTC', month: 'short', day: 'numeric' }).format(
      new Date(`${on}T00:00:00Z`),
    )
  }

  /** A month, `2026-11`, by its name; the year only where it is another one. */
  function month(of: string): string {
    const isThisYear = of.startsWith(dayOf(new Date()).slice(0, 4))
    const shape: Intl.DateTimeFormatOptions = { timeZone: 'UTC', month: 'long' }
    return dates(
      `month ${isThisYear}`,
      isThisYear ? shape : { ...shape, month: 'short', year: 'numeric' },
    ).format(new Date(`${of}-01T00:00:00Z`))
  }

  /** A month with its year, such as `2026-11`. */
  function monthName(month: string): string {
    return dates('month', { timeZone: 'UTC', year: 'numeric', month: 'short' }).format(
      new Date(`${month}-01T00:00:00Z`),
    )
  }

  /** An instant with its time of day. */
  function instant(at: string | null | undefined): string {
    if (!at) return ''
    return dates('instant', { timeZone: zone.value, dateStyle: 'medium', timeStyle: 'short' }).format(
      new Date(at),
    )
  }

  /** The time of day of an instant. */
  function time(at: string): string {
    return dates('time', { timeZone: zone.value, timeStyle: 'short' }).format(new Date(at))
  }

  /** An instant below a heading that names its day: the time, or how long ago within the hour. */
  function timeOfDay(at: string): string {
    return Math.abs(Date.now() - Date.parse(at)) < hour ? relative(at) : time(at)
  }

  /** `today`, `yesterday`, else the date: the headings of a timeline. */
  function dayName(on: string): string {
    const now = Date.now()
    if (on === dayOf(new Date(now))) return t('time.today')
    if (on === dayOf(new Date(now - day))) return t('time.yesterday')
    const year = dayOf(new Date(now)).slice(0, 4)
    return on.startsWith(year)
      ? dates('dayName', { timeZone: 'UTC', month: 'long', day: 'numeric', weekday: 'short' }).format(
          new Date(`${on}T00:00:00Z`),
        )
      : date(on)
  }

  /** `5 min ago`, `in 3 days`; from a month on the date. */
  function relative(at: string | null | undefined): string {
    if (!at) return ''
    const gap = new Date(at).getTime() - Date.now()
    const size = Math.abs(gap)
    if (size >= 30 * day) return date(dayOf(at))
    const words = new Intl.RelativeTimeFormat(locale.value, { numeric: 'auto', style: 'short' })
    if (size < minute) return t('time.now')
    if (size < hour) return words.format(Math.trunc(gap / minute), 'minute')
    if (size < day) return words.format(Math.trunc(gap / hour), 'hour')
    return words.format(Math.trunc(gap / day), 'day')
  }

  /** A decimal string with its currency; cents only where there are some. */
  function money(amount: string | null | undefined, currency: string | null | undefined): string {
    if (amount == null || amount === '') return ''
    const whole = /^-?\d+(\.0+)?$/.test(amount)
    return numbers(`money ${currency} ${whole}`, {
      ...currencyStyle(locale.value, currency),
      ...(whole ? { maximumFractionDigits: 0 } : {}),
      // Browsers format decimal strings exactly; only the type of the library does not say so yet.
    }).format(amount as unknown as number)
  }

  /** The size of a file. */
  function bytes(size: number): string {
    const units = ['byte', 'kilobyte', 'megabyte'] as const
    const step = size < 1000 ? 0 : size < 1_000_000 ? 1 : 2
    return numbers(`bytes ${step}`, {
      style: 'unit',
      unit: units[step] ?? 'byte',
      unitDisplay: 'short',
      maximumFractionDigits: step === 2 ? 1 : 0,
    }).format(size / 1000 ** step)
  }

  /** A plain number, with so many decimal places at most. */
  function number(value: number | string, places = 3): string {
    return numbers(`number ${places}`, { maximumFractionDigits: places }).format(value as number)
  }

  /** Money where there is little room: cents are left out, millions are shortened. */
  function moneyShort(amount: string, currency: string | null | undefined): string {
    const isLong = Math.abs(Number(amount)) >= 10_000_000
    return numbers(`money short ${currency} ${isLong}`, {
      ...currencyStyle(locale.value, currency),
      ...(isLong ? { notation: 'compact' as const, maximumFractionDigits: 1 } : { maximumFractionDigits: 0 }),
    }).format(amount as unknown as number)
  }

  /** Money on the scale of a chart, where every mark has the same shape. */
  function moneyCompact(amount: number, currency: string | null | undefined): string {
    return numbers(`money compact ${currency}`, {
      ...currencyStyle(locale.value, currency),
      notation: 'compact' as const,
      maximumFractionDigits: 1,
    }).format(amount)
  }

  /** A fraction as a percentage with at most so many decimals. */
  function percent(rate: number, places = 1): string {
    return numbers(`percent ${places}`, { style: 'percent', maximumFractionDigits: places }).format(rate)
  }

  /** A number with at most so many decimals. */
  function decimal(value: number, places = 1): string {
    return numbers(`decimal ${places}`, { maximumFractionDigits: places }).format(value)
  }

  return {
    zone,
    dayOf,
    date,
    shortDate,
    month,
    monthName,
    bytes,
    instant,
    time,
    timeOfDay,
    dayName,
    relative,
    money,
    moneyShort,
    moneyCompact,
    number,
    percent,
    decimal,
  }
}
