import { computed } from 'vue'
import type { Product, Quote } from '@/api/types'
import { decimal, decimalText, typedDecimal } from '@/deal/decimal'
import { numbersOf, typedNumbers, useLineEditing, type LineDraft } from '@/deal/useLineEditing'
import { quoteAmounts } from './amounts'
import { useQuoteCommit } from './useQuoteCommit'

/** A line as it is being typed: its words are the quote's own. */
export interface QuoteLineDraft extends LineDraft {
  code: string | null
  specification: string
}

const texts = ['name', 'specification', 'unit'] as const

/** Editing the lines of a draft; the sums follow the typing. */
export function useQuoteLines(quote: () => Quote) {
  const { save, describe } = useQuoteCommit()
  const lines = useLineEditing<Quote, QuoteLineDraft>(quote, {
    drafts: (of) =>
      of.lines.map((line) => ({
        id: line.id ?? null,
        product_id: line.product_id ?? null,
        code: line.code ?? null,
        name: line.name ?? '',
        specification: line.specification ?? '',
        unit: line.unit ?? '',
        ...typedNumbers(line),
      })),
    bodyOf: (row, need) => {
      const words = Object.fromEntries(texts.map((field) => [field, row[field].trim() || null]))
      if (words['name'] === null) need('name')
      return { code: row.code, ...words }
    },
    save: (base, rows) => save(base, { lines: rows }, { describe, isFirm: true }),
  })
  const { isEditing, rows, places, amountOf } = lines

  /** A line for a product, or one that is described in words only. */
  function add(product: Product | null): number {
    return lines.add({
      id: null,
      product_id: product?.id ?? null,
      code: product?.code ?? null,
      name: product?.name ?? '',
      specification: product?.specification ?? '',
      unit: product?.unit ?? '',
      ...numbersOf(product, quote().currency),
    })
  }

  const sums = computed(() => {
    const now = quote()
    const found = isEditing.value
      ? quoteAmounts(
          rows.map((row) => ({ amount: amountOf(row), tax: typedDecimal(row.tax_percent) })),
          now,
          places.value,
        )
      : {
          subtotal: decimal(now.subtotal),
          discount: decimal(now.discount),
          net: decimal(now.net),
          tax: decimal(now.tax),
          total: decimal(now.total),
        }
    return {
      subtotal: decimalText(found.subtotal),
      discount: decimalText(found.discount),
      net: decimalText(found.net),
      tax: decimalText(found.tax),
      total: decimalText(found.total),
    }
  })

  return { ...lines, add, sums }
}
