import { Problem } from '@/api/problem'
import type { Deal } from '@/api/types'
import { explain } from '@/i18n/problem'
import { useSave, type Changes } from '@/records/save'
import { fieldOf } from '@/ui/useForm'
import { useDealFields } from './useDealFields'

/** Saves one fact as it was typed, for the version with which the typing began. */
export type SaveFact = (value: string | null, deal: Deal) => Promise<string | null>

/** The sentence to show for a change that failed: about one of its fields where the server names one. */
export function wordsOf(fault: unknown, changes: Changes): string | null {
  if (!(fault instanceof Problem)) return explain(fault)
  const own = fault.errors.find(({ pointer }) => pointer && (fieldOf(pointer).split('/')[0] ?? '') in changes)
  return own?.detail ?? explain(fault)
}

/** Saves changes of a deal; resolves with the sentence to show at the field, null when all is well. */
export function useDealCommit() {
  const save = useSave('deals')
  const { describe, options, users } = useDealFields()

  async function commit(deal: Deal, changes: Changes, preview?: Changes): Promise<string | null> {
    try {
      await save(deal, changes, { describe, ...(preview ? { preview } : {}) })
      return null
    } catch (fault) {
      return wordsOf(fault, changes)
    }
  }
  const text =
    (field: string): SaveFact =>
    (value, deal) =>
      commit(deal, { [field]: value })

  return { commit, text, describe, options, users }
}
