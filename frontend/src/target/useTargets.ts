import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { rest, type Query } from '@/api/rest'
import type { Attainment } from '@/api/types'
import { decimalText } from '@/deal/decimal'
import { useFormat } from '@/i18n/format'
import { useLive } from '@/records/context'
import type { TargetSpan } from './spans'
import type { Measure } from './useTargetChoice'

const behind: Record<Measure, string> = {
  won_amount: 'deals',
  won_count: 'deals',
  new_customers: 'customers',
  activities: 'contacts',
  tasks_done: 'tasks',
}

/** Targets of a year and what was reached, loaded again when either changes. */
export function useTargets(query: ComputedRef<Query>) {
  const { connection } = useLive()
  const result = useQuery({
    queryKey: computed(() => ['targets', query.value] as const),
    queryFn: async ({ queryKey, signal }): Promise<Attainment> => {
      await connection.ready()
      return rest.get('/targets/attainment', queryKey[1], signal)
    },
    staleTime: 0,
    placeholderData: keepPreviousData,
    meta: computed(() => ({
      live: {
        kind: 'reload' as const,
        resources: ['targets', 'users', 'teams', behind[query.value['measure'] as Measure]],
      },
    })) as never,
    shallow: true,
  })
  return {
    answer: computed(() => result.data.value),
    error: result.error,
    isDimmed: computed(() => result.isPlaceholderData.value && result.isFetching.value),
    reload: () => result.refetch(),
  }
}

/** How figures and columns of the grid are written for this reader. */
export function useTargetText(currency: ComputedRef<string | null>) {
  const { t, locale } = useI18n()
  const { money, moneyShort, number } = useFormat()
  const months = computed(() => new Intl.DateTimeFormat(locale.value, { month: 'short', timeZone: 'UTC' }))
  return {
    /** Short, for a cell; zero is zero, nothing is nothing. */
    short: (value: bigint | string | null): string => {
      if (value === null) return ''
      const text = typeof value === 'string' ? value : decimalText(value)
      return currency.value ? moneyShort(text, currency.value) : number(text)
    },
    whole: (value: bigint | string | null): string => {
      if (value === null) return ''
      const text = typeof value === 'string' ? value : decimalText(value)
      return currency.value ? money(text, currency.value) : number(text)
    },
    head: ({ kind, first, number: which }: TargetSpan): string => {
      if (kind === 'month') return months.value.format(new Date(`${first}T00:00:00Z`))
      return kind === 'quarter' ? t('target.quarter', { number: which }) : t('target.year', { year: which })
    },
  }
}
