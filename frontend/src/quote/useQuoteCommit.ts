import { useI18n } from 'vue-i18n'
import { Problem } from '@/api/problem'
import type { Quote } from '@/api/types'
import { explain } from '@/i18n/problem'
import type { FieldText } from '@/records/conflicts'
import { useSave, type Changes } from '@/records/save'
import { fieldOf } from '@/ui/useForm'

/** Saves one fact as it was typed, for the version with which the typing began. */
export type SaveQuoteFact = (value: string | null, quote: Quote) => Promise<string | null>

/** Saves changes of a draft; resolves with the sentence to show at the field, null when all is well. */
export function useQuoteCommit() {
  const { t, te } = useI18n()
  const save = useSave('quotes')

  function describe(field: string, value: unknown): FieldText {
    const label = te(`quote.field.${field}`) ? t(`quote.field.${field}`) : field
    if (Array.isArray(value)) return { label, value: t('quote.positions', value.length) }
    return { label, value: value == null ? '' : String(value) }
  }
  async function commit(quote: Quote, changes: Changes): Promise<string | null> {
    try {
      // Amounts follow on the server: what is shown before it has agreed would not add up.
      await save(quote, changes, { describe, isFirm: true })
      return null
    } catch (fault) {
      if (!(fault instanceof Problem)) return explain(fault)
      const own = fault.errors.find(({ pointer }) => (fieldOf(pointer ?? '').split('/')[0] ?? '') in changes)
      return own?.detail ?? explain(fault)
    }
  }
  const text =
    (field: string): SaveQuoteFact =>
    (value, quote) =>
      commit(quote, { [field]: value })

  return { save, describe, commit, text }
}
