import { useI18n } from 'vue-i18n'
import type { Entry, Sides } from '@/api/types'
import { useCustomerFields } from '@/customer/useCustomerFields'
import { useDealFields } from '@/deal/useDealFields'
import type { FieldText } from '@/records/conflicts'
import { useOtherFields } from './useOtherFields'

/** A changed field in the reader's words. */
export interface WordedField {
  field: string
  before: FieldText
  after: FieldText
}

// The action says that a record was deleted or moved, better than a value could.
const told = new Set(['is_active', 'rank'])

/** Custom fields one by one, those that changed. */
function byKey({ before, after }: Sides): (readonly [string, Sides])[] {
  const [was, is] = [(before ?? {}) as Record<string, unknown>, (after ?? {}) as Record<string, unknown>]
  return [...new Set([...Object.keys(was), ...Object.keys(is)])]
    .filter((key) => JSON.stringify(was[key] ?? null) !== JSON.stringify(is[key] ?? null))
    .map((key) => [`custom.${key}`, { before: was[key], after: is[key] }] as const)
}

/** What the journal tells of one kind of record, in the reader's words: the one place where that is done. */
export function useChangeWords(resource: string) {
  const { t, te } = useI18n()
  const { describe } =
    resource === 'deal'
      ? useDealFields()
      : resource === 'customer'
        ? useCustomerFields()
        : useOtherFields(resource)

  /** `created the person Chen Jing`: what it is, and its name where the change tells it. */
  function title(
    { action, changes }: Pick<Entry, 'action' | 'changes'>,
    isNamed = resource !== 'customer',
  ): string {
    const kind = t(te(`timeline.what.${resource}`) ? `timeline.what.${resource}` : 'timeline.what.record')
    const name = changes['name']?.after ?? changes['name']?.before
    const what = isNamed && typeof name === 'string' ? t('timeline.named', { kind, name }) : kind
    const key = `timeline.action.${action}`
    return t(te(key) ? key : 'timeline.action.updated', { what })
  }

  /** Why somebody was erased is no field of a record. */
  const worded = (field: string, value: unknown): FieldText =>
    field === 'erasure_reason'
      ? { label: t('history.erasureReason'), value: typeof value === 'string' ? value : '' }
      : describe(field, value)

  /** The fields that have a name; inner keys of the server have none. */
  function fields(changes: Entry['changes']): WordedField[] {
    return Object.entries(changes)
      .flatMap(([field, sides]) => (field === 'custom' ? byKey(sides) : [[field, sides] as const]))
      .filter(([field]) => !told.has(field))
      .map(([field, { before, after }]) => ({
        field,
        before: worded(field, before),
        after: worded(field, after),
      }))
      .filter(({ after }) => after.label !== '')
  }

  return { title, fields, describe }
}
