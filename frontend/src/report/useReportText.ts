import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { useFormat } from '@/i18n/format'
import type { ChartWords } from './chart'
import { valueOf, type Measure, type ReportFigures, type ReportRow } from './reports'
import { useFigureText } from './useFigureText'

/** How the rows and figures of a report are written, in the currency of its totals. */
export function useReportText(currency: () => string) {
  const { t, locale } = useI18n()
  const { say, sayShort } = useFigureText()
  const { monthName, date, moneyCompact } = useFormat()
  const countries = computed(() => new Intl.DisplayNames(locale.value, { type: 'region', fallback: 'code' }))
  const currencies = computed(
    () => new Intl.DisplayNames(locale.value, { type: 'currency', fallback: 'code' }),
  )

  /** The name of a row. */
  function labelOf(group: string, row: ReportRow): string {
    const key = String(row.key ?? '')
    if (row.key === null) return row.label
    if (group === 'month' && /^\d{4}-\d{2}$/.test(key)) return monthName(key)
    if (group === 'quarter' && /^\d{4}-Q\d$/.test(key))
      return t('report.quarter', { year: key.slice(0, 4), quarter: key.slice(6) })
    if (group === 'day' && /^\d{4}-\d{2}-\d{2}$/.test(key)) return date(key)
    if (group === 'country' && /^[A-Z]{2}$/.test(key)) return countries.value.of(key) ?? key
    if (group === 'currency' && /^[A-Z]{3}$/.test(key)) {
      const name = currencies.value.of(key) ?? key
      return name === key ? key : `${key} ${name}`
    }
    return row.label
  }

  const words: ChartWords = {
    say: (measure: Measure, value) => say(measure.kind, value, currency()),
    sayShort: (measure: Measure, value) => sayShort(measure.kind, value, currency()),
    sayAxis: (measure: Measure, value) =>
      measure.kind === 'amount' && value !== null
        ? moneyCompact(value, currency())
        : say(measure.kind, value, currency()),
  }
  return {
    labelOf,
    words,
    measureName: (measure: Pick<Measure, 'key' | 'name'>) =>
      t(`report.figure.${measure.name ?? measure.key}`),
    figure: (row: ReportFigures, measure: Measure) => words.say(measure, valueOf(row, measure.key)),
  }
}
