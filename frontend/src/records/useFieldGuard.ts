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
}

/** Which fields of a list's records the signed-in person has less of: as the server says, nothing for most. */
export function useFieldGuard(resource: string) {
  const session = useSession()
  const rules = computed<Readonly<Record<string, string>>>(
    () => session.user?.fields?.[resource === 'people' ? 'person' : resource.slice(0, -1)] ?? {},
  )
  /** The field with a rule that a filter, column or sort key reads, if any: `amount` for `amount_min`. */
  function ruled(name: string): string | undefined {
    const base = name.replace(/_(min|max|from|to|after|before)$/, '')
    return [name, readsOf[name] ?? '', base, `${base}_on`].find((one) => one in rules.value)
  }
  const stateOf = (name: string): string | undefined => rules.value[ruled(name) ?? '']

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

  return { isHidden, isClosed, canAsk, columns, ruled }
}
