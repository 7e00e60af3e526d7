import { computed } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import type { Attainment } from '@/api/types'
import type { Query } from '@/api/rest'
import { useFormat } from '@/i18n/format'

/** What targets can count. */
export type Measure = Attainment['meta']['measure']

/** See {@link Measure}. */
export const measures: readonly Measure[] = [
  'won_amount',
  'won_count',
  'new_customers',
  'activities',
  'tasks_done',
]
/** What can be counted of one product only. */
export const perProduct: readonly Measure[] = ['won_amount', 'won_count']

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

/** Which year and what is counted, with the address as its state. */
export function useTargetChoice() {
  const route = useRoute()
  const router = useRouter()
  const { dayOf } = useFormat()
  const home = route.name
  const today = computed(() => dayOf(new Date()))
  const choice = computed(() => {
    const { query } = route
    const year = /^(19|20|21)\d\d$/.test(text(query['year']))
      ? Number(query['year'])
      : Number(today.value.slice(0, 4))
    const measure = measures.find((one) => one === query['measure']) ?? 'won_amount'
    const isPerProduct = perProduct.includes(measure)
    return {
      year,
      measure,
      product_id:
        isPerProduct && /^[1-9]\d{0,15}$/.test(text(query['product_id'])) ? text(query['product_id']) : null,
      currency:
        measure === 'won_amount' && /^[A-Z]{3}$/.test(text(query['currency']))
          ? text(query['currency'])
          : null,
    }
  })
  const last = choice.value
  function set(change: Partial<Record<'year' | 'measure' | 'product_id' | 'currency', string | null>>): void {
    const wanted = Object.entries({ ...route.query, ...change }).filter(
      ([, value]) => value != null && value !== '',
    )
    void router.replace({ query: Object.fromEntries(wanted) })
  }
  return {
    today,
    // While leaving for another page the grid stays as it is.
    choice: computed(() => (route.name === home ? choice.value : last)),
    query: computed<Query>(() => ({ ...choice.value })),
    set,
  }
}
