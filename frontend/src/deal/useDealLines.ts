import { computed } from 'vue'
import type { Deal, Product } from '@/api/types'
import { explain } from '@/i18n/problem'
import { useSave } from '@/records/save'
import { decimal, decimalText, rounded, typedDecimal } from './decimal'
import { useDealFields } from './useDealFields'
import { numbersOf, typedNumbers, useLineEditing, type LineDraft } from './useLineEditing'

/** Editing the lines of a deal, with what they come to. */
export function useDealLines(deal: () => Deal) {
  const save = useSave('deals')
  const { describe } = useDealFields()
  const lines = useLineEditing<Deal, LineDraft>(deal, {
    drafts: (of) =>
      (of.lines ?? []).map((line) => ({
        id: line.id ?? null,
        product_id: line.product_id,
        name: line.product?.name ?? '',
        unit: '',
        ...typedNumbers(line),
      })),
    bodyOf: () => ({}),
    save: (base, rows) => save(base, { lines: rows }, { describe, isFirm: true }),
  })
  const { isEditing, rows, places, amountOf, general } = lines

  function add(product: Product): number {
    return lines.add({
      id: null,
      product_id: product.id,
      name: product.name,
      unit: product.unit ?? '',
      ...numbersOf(product, deal().currency),
    })
  }

  const sums = computed(() => {
    const all = isEditing.value
      ? rows.map((row) => ({ amount: amountOf(row), tax: typedDecimal(row.tax_percent) }))
      : (deal().lines ?? []).map((line) => ({ amount: decimal(line.amount), tax: line.tax_percent }))
    const net = all.reduce((sum, { amount }) => sum + amount, 0n)
    const tax = all.reduce(
      (sum, line) => sum + rounded((line.amount * decimal(line.tax)) / (100n * 10n ** 8n), places.value),
      0n,
    )
    return { net: decimalText(net), tax: decimalText(tax), gross: decimalText(net + tax) }
  })

  /** Has the amount follow from the lines again. */
  async function follow(): Promise<void> {
    try {
      await save(deal(), { amount_is_manual: false }, { describe, isFirm: true })
    } catch (fault) {
      general.value = explain(fault)
    }
  }

  return { ...lines, add, sums, follow }
}
