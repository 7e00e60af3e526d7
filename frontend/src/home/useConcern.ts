import { computed } from 'vue'
import { dealList } from '@/deal/dealList'
import { useLocalListState } from '@/records/listState'
import { useList } from '@/records/useList'
import { concernList, type Concern } from './attention'

/** The deals of one concern, live. */
export function useConcern(concern: Concern, today: () => string, owner: () => string | null) {
  const wanted = computed(() => concernList(concern, today(), owner()))
  const state = useLocalListState(
    wanted.value.sort,
    computed(() => wanted.value.filters),
  )
  const list = useList(dealList, state, { trail: false, pageSize: 20 })
  return {
    concern,
    list,
    date: computed(() => wanted.value.date),
    /** The address of the whole list. */
    query: computed(() => ({ ...wanted.value.filters, sort: wanted.value.sort })),
  }
}
