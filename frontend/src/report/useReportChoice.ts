import { computed } from 'vue'
import { useRoute, useRouter, type LocationQueryRaw } from 'vue-router'
import type { Query } from '@/api/rest'
import { useFormat } from '@/i18n/format'
import { isDay, periodOf, spanOf, type Period, type Span } from './period'

/** What a report is restricted to, besides its period. */
export type ReportFilter = 'owner_id' | 'team_id' | 'pipeline_id'

/** What a report covers: whose, in which currency its totals are, and the day as of which it is told. */
export type ReportChoice = Span & Record<ReportFilter | 'currency' | 'as_of', string | null>

/** The parameters of an address that all reports share: they stay from one report to the next. */
export const sharedKeys = [
  'from',
  'to',
  'period',
  'owner_id',
  'team_id',
  'pipeline_id',
  'currency',
  'as_of',
] as const

function texts(value: unknown): string[] {
  return [value].flat().filter((entry): entry is string => typeof entry === 'string' && entry !== '')
}

/** Reads what a report covers from an address; without any date it is this month, or the period named `home`. */
export function choiceOf(
  query: Record<string, unknown>,
  today: string,
  home: Period = 'this_month',
): ReportChoice {
  const day = (key: string): string | null => texts(query[key]).find(isDay) ?? null
  const id = (key: ReportFilter): string | null =>
    texts(query[key]).find((text) => /^[1-9]\d{0,15}$/.test(text)) ?? null
  const span: Span = { from: day('from'), to: day('to') }
  const isOpen = span.from === null && span.to === null
  return {
    ...(isOpen && texts(query['period'])[0] !== 'all' ? spanOf(home, today) : span),
    owner_id: id('owner_id'),
    team_id: id('team_id'),
    pipeline_id: id('pipeline_id'),
    currency: texts(query['currency']).find((text) => /^[A-Z]{3}$/.test(text)) ?? null,
    // The end of a day that is yet to come cannot be told.
    as_of: texts(query['as_of']).find((text) => isDay(text) && text <= today) ?? null,
  }
}

/** What a report covers, with the address as its state: a link shows a colleague the same figures. */
export function useReportChoice(home: Period = 'this_month') {
  const route = useRoute()
  const router = useRouter()
  const { dayOf } = useFormat()
  const today = computed(() => dayOf(new Date()))
  const choice = computed(() => choiceOf(route.query, today.value, home))

  function write(change: LocationQueryRaw): void {
    const query = Object.fromEntries(
      Object.entries({ ...route.query, ...change }).filter(
        ([, value]) => value != null && value !== '' && !(Array.isArray(value) && value.length === 0),
      ),
    )
    void router.replace({ query })
  }

  return {
    choice,
    today,
    /** The address, for links to the same. */
    shared: computed<LocationQueryRaw>(() =>
      Object.fromEntries(
        sharedKeys.flatMap((key) => (route.query[key] == null ? [] : [[key, route.query[key]]])),
      ),
    ),
    /** A parameter of one report alone. */
    extra: (key: string) => texts(route.query[key])[0] ?? null,
    setExtra: (changes: Record<string, string | null>) => write(changes),
    period: computed(() => periodOf(choice.value, today.value)),
    query: computed<Query>(() => ({ ...choice.value })),
    setPeriod: (period: Period) =>
      write({ ...spanOf(period, today.value), period: period === 'all' ? 'all' : null }),
    setSpan: (span: Partial<Span>) => {
      const next = { from: choice.value.from, to: choice.value.to, ...span }
      write({ ...next, period: next.from === null && next.to === null ? 'all' : null })
    },
    setFilter: (key: ReportFilter | 'currency' | 'as_of', value: string | null) => write({ [key]: value }),
  }
}
