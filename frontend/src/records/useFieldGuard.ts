import { computed } from 'vue'
import { useSession } from '@/session/session'

/** Filters and columns that read a field under another name. */
const readsOf: Readonly<Record<string, string>> = {
  city: 'address',
  province: 'address',
  phones: 'phone',
  emails: 'email',
  lines: 'amount',
  source_detail: 'source',
  amount_min: 'amount',
  amount_max: 'amount',
}

/** Which fields of a list's records the signed-in person has less of: as the server says, nothing for most. */
export function useFieldGuard(resource: string) {
  const session = useSession()
  const rules = computed<Readonly<Record<string, string>>>(
    () => session.user?.fields?.[resource === 'people' ? 'person' : resource.slice(0, -1)] ?? {},
  )
  const stateOf = (field: string): string | undefined =>
    rules.value[field] ?? rules.value[readsOf[field] ?? '']

  const isHidden = (field: string): boolean => stateOf(field) === 'hidden'
  const isClosed = (field: string): boolean => stateOf(field) !== undefined
  /** Lists can be filtered and sorted by it. */
  const canAsk = (field: string): boolean => !['hidden', 'masked'].includes(stateOf(field) ?? '')

  /** The columns of a list without those that are not there; none can be sorted by what cannot be asked about. */
  function columns<C extends { key: string; sort?: string; fields?: readonly string[] }>(
    all: readonly C[],
  ): C[] {
    return all
      .filter(({ key, fields }) => ![key, ...(fields ?? [])].some(isHidden))
      .map((column) =>
        canAsk(column.sort ?? '') ? column : ({ ...column, sort: undefined } as unknown as C),
      )
  }

  return { isHidden, isClosed, canAsk, columns }
}
