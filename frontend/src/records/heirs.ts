import type { QueryClient } from '@tanstack/vue-query'
import type { Option } from '@/api/types'
import type { ListChoice } from './listState'

/** The option lists of filters whose names are not those of their lists. */
const lists: Readonly<Record<string, string>> = { category: 'product_category' }

/**
 * What a list asks for, with the values that merged ones have become beside them, as the server reads it.
 *
 * Only option lists that were loaded for the screen are known here: a filter that no chip shows has none.
 */
export function withHeirs(queries: Pick<QueryClient, 'getQueriesData'>, choice: ListChoice): ListChoice {
  const options = queries
    .getQueriesData<readonly Option[]>({ queryKey: ['reference', 'options'] })
    .flatMap(([, rows]) => rows ?? [])
  const filters = Object.entries(choice.filters).map(([key, values]) => {
    const list = lists[key] ?? key
    const heirs = options
      .filter((one) => one.list === list && values.includes(one.value))
      .flatMap((one) => one.merged_into ?? [])
    return [key, heirs.length > 0 ? [...values, ...heirs] : values] as const
  })
  return { ...choice, filters: Object.fromEntries(filters) }
}
