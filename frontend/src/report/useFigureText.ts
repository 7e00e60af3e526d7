import { useI18n } from 'vue-i18n'
import { useFormat } from '@/i18n/format'
import type { FigureChange, FigureKind } from './figures'

/** How figures and their changes are written. */
export function useFigureText() {
  const { t } = useI18n()
  const { money, moneyShort, number, percent, decimal } = useFormat()

  /** Minutes; from two hours on in hours, from two days on in days. */
  function time(minutes: number): string {
    if (minutes < 120) return t('report.minutes', { count: decimal(minutes) })
    if (minutes < 2880) return t('report.hours', { count: decimal(minutes / 60) })
    return t('report.days', { count: decimal(minutes / 1440) })
  }

  /** A figure as exact as the report has it; `-` where there is none. */
  function say(
    kind: FigureKind,
    value: number | string | null | undefined,
    currency: string,
    places = 2,
  ): string {
    if (value === null || value === undefined) return '–'
    if (kind === 'amount') return money(String(value), currency)
    if (kind === 'rate') return percent(Number(value), places)
    if (kind === 'days') return t('report.days', { count: decimal(Number(value), places) })
    if (kind === 'minutes') return time(Number(value))
    return number(value)
  }

  /** The same where there is little room. */
  function sayShort(kind: FigureKind, value: number | string | null | undefined, currency: string): string {
    return kind === 'amount' && value != null
      ? moneyShort(String(value), currency)
      : say(kind, value, currency, 1)
  }

  /** The size of a change, without its direction. */
  function sayChange(kind: FigureKind, change: FigureChange): string {
    const size = Math.abs(change.value)
    if (kind === 'days') return t('report.days', { count: decimal(size) })
    if (kind === 'minutes') return time(size)
    if (kind === 'rate') return t('report.points', { count: decimal(size * 100) })
    return percent(size)
  }

  return { say, sayShort, sayChange }
}
