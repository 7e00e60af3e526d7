import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { rest } from '@/api/rest'
import { explain } from '@/i18n/problem'
import { useSession } from '@/session/session'
import type { FieldGuard } from '@/ui/fieldGuard'
import { toast } from '@/ui/toasts'

/** The kinds of record of which a role may have less, by the names of their lists. */
const singular: Readonly<Record<string, string>> = { customers: 'customer', people: 'person', deals: 'deal' }
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

interface Shown {
  id: number
  masked_fields?: string[] | undefined
}

/** Which fields of a list's records the signed-in person has less of: as the server says, nothing for most. */
export function useFieldGuard(resource: string) {
  const { t } = useI18n()
  const session = useSession()
  const rules = computed<Readonly<Record<string, string>>>(
    () => session.user?.fields?.[singular[resource] ?? ''] ?? {},
  )
  const stateOf = (field: string): string | undefined =>
    rules.value[field] ?? rules.value[readsOf[field] ?? '']

  const isHidden = (field: string): boolean => stateOf(field) === 'hidden'
  const isClosed = (field: string): boolean => stateOf(field) !== undefined
  /** Lists can be filtered and sorted by it. */
  const canAsk = (field: string): boolean => !['hidden', 'masked'].includes(stateOf(field) ?? '')

  /**
   * The guard of a fact.
   *
   * @param name What the fact is called on the screen.
   * @param show The text of a value, where that is more than a text.
   */
  function of(
    record: Shown | null,
    field: string,
    name: string,
    show: (value: unknown) => string = (value) => String(value ?? ''),
  ): FieldGuard {
    return {
      isClosed: isClosed(field),
      isMasked: record?.masked_fields?.includes(field) ?? false,
      labels: { reveal: t('field.reveal', { name }), conceal: t('field.conceal', { name }) },
      async reveal() {
        try {
          const { value } = await rest.post<{ value: unknown }>(`/${resource}/${record?.id}/reveal`, {
            field,
          })
          return show(value)
        } catch (fault) {
          toast(explain(fault) ?? '', { tone: 'error' })
          return null
        }
      },
    }
  }

  /** The columns of a list without those that are not there; none can be sorted by what cannot be asked about. */
  function columns<C extends { key: string; sort?: string; fields?: readonly string[] }>(
    all: readonly C[],
  ): C[] {
    return all
      .filter(({ key, fields }) => ![key, ...(fields ?? [])].some(isHidden))
      .map((column) => {
        if (column.sort === undefined || canAsk(column.sort)) return column
        return Object.fromEntries(Object.entries(column).filter(([name]) => name !== 'sort')) as unknown as C
      })
  }

  return { isHidden, isClosed, canAsk, of, columns }
}
