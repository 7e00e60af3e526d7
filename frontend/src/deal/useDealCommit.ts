import type { Deal } from '@/api/types'
import { explainChange } from '@/i18n/problem'
import { useSave, type Changes } from '@/records/save'
import { useDealFields } from './useDealFields'

/** Saves one fact as it was typed, for the version with which the typing began. */
export type SaveFact = (value: string | null, deal: Deal) => Promise<string | null>

/** Saves changes of a deal; resolves with the sentence to show at the field, null when all is well. */
export function useDealCommit() {
  const save = useSave('deals')
  const { describe, options, users } = useDealFields()

  async function commit(deal: Deal, changes: Changes, preview?: Changes): Promise<string | null> {
    try {
      await save(deal, changes, { describe, ...(preview ? { preview } : {}) })
      return null
    } catch (fault) {
      return explainChange(fault, changes)
    }
  }
  const text =
    (field: string): SaveFact =>
    (value, deal) =>
      commit(deal, { [field]: value })

  return { commit, text, describe, options, users }
}
