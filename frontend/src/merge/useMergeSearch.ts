import { computed } from 'vue'
import type { Link } from '@/api/types'
import { useRecordSearch } from '@/records/useRecordSearch'
import type { MergeResource } from './mergeFields'

interface Found {
  id: number
  name: string
  can_write?: boolean
  owner?: Link | null
  customer?: Link | null
}

const shown: Record<MergeResource, 'owner' | 'customer'> = { customers: 'owner', people: 'customer' }

/** Records that the reader may change, each with what tells it from its namesakes. */
export function useMergeSearch(resource: MergeResource) {
  const beside = shown[resource]
  const { term, records, isSearching } = useRecordSearch<Found>(
    resource,
    { fields: `id,name,${beside},can_write` },
    true,
  )
  const choices = computed(() =>
    records.value
      .filter((one) => one.can_write !== false)
      .map((one) => {
        const hint = one[beside]?.name
        return { value: String(one.id), label: one.name, ...(hint ? { hint } : {}) }
      }),
  )
  return { term, choices, isSearching }
}
