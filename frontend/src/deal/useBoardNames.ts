import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import type { BoardColumn } from '@/api/types'
import { useFormat } from '@/i18n/format'
import { noKey } from './board'

/** The columns' names by their keys: of stages and owners their own, of months in the reader's language. */
export function useBoardNames(columns: () => readonly BoardColumn[]): ComputedRef<Map<string, string>> {
  const { t } = useI18n()
  const { month } = useFormat()
  function nameOf(column: BoardColumn): string {
    if (column.name !== null) return column.name
    if (column.key === noKey) return t('deal.without')
    return column.month === null ? column.key : month(column.month)
  }
  return computed(() => new Map(columns().map((column) => [column.key, nameOf(column)])))
}
