import { computed, reactive, ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { Problem } from '@/api/problem'
import type { Product, Quote } from '@/api/types'
import { currencyPlaces, decimal, decimalText, lineAmount, typedDecimal } from '@/deal/decimal'
import { explain } from '@/i18n/problem'
import { fieldOf } from '@/ui/useForm'
import { quoteAmounts } from './amounts'
import { useQuoteCommit } from './useQuoteCommit'

/** A line as it is being typed. */
export interface QuoteLineDraft {
  key: number
  id: number | null
  product_id: number | null
  code: string | null
  name: string
  specification: string
  unit: string
  quantity: string
  unit_price: string
  discount_percent: string
  tax_percent: string
}

const texts = ['name', 'specification', 'unit'] as const
const numbers = ['quantity', 'unit_price', 'discount_percent', 'tax_percent'] as const

/** `"3.00"` -> `3`: what a person would have typed. */
const plain = (text: string | null): string => (text ?? '').replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '')

/** Editing the lines of a draft: all of them are one change, saved together; the sums follow the typing. */
export function useQuoteLines(quote: () => Quote) {
  const { t } = useI18n()
  const { save, describe } = useQuoteCommit()
  const isEditing = ref(false)
  const rows = reactive<QuoteLineDraft[]>([])
  const errors = ref<Record<string, string>>({})
  const general = ref<string | null>(null)
  const busy = ref(false)
  let last = 0
  // The version with which the editing began, whatever arrives behind it.
  let base = quote()

  function edit(): void {
    base = quote()
    const drafts = base.lines.map((line) => ({
      key: ++last,
      id: line.id ?? null,
      product_id: line.product_id ?? null,
      code: line.code ?? null,
      name: line.name ?? '',
      specification: line.specification ?? '',
      unit: line.unit ?? '',
      quantity: plain(line.quantity),
      unit_price: plain(line.unit_price),
      discount_percent: plain(line.discount_percent),
      tax_percent: plain(line.tax_percent),
    }))
    rows.splice(0, rows.length, ...drafts)
    clearErrors()
    isEditing.value = true
  }
  function clearErrors(): void {
    errors.value = {}
    general.value = null
  }
  /** A message goes away as soon as its field is edited. */
  function touch(name: string): void {
    errors.value = Object.fromEntries(Object.entries(errors.value).filter(([key]) => key !== name))
  }
  /** A line for a product, or one that is described in words only. */
  function add(product: Product | null): QuoteLineDraft {
    const row: QuoteLineDraft = {
      key: ++last,
      id: null,
      product_id: product?.id ?? null,
      code: product?.code ?? null,
      name: product?.name ?? '',
      specification: product?.specification ?? '',
      unit: product?.unit ?? '',
      quantity: '1',
      // The price of a list in another currency would be a wrong number.
      unit_price: product?.currency === quote().currency ? plain(product.price) : '',
      discount_percent: '',
      tax_percent: plain(product?.tax_percent ?? null),
    }
    rows.push(row)
    return row
  }
  function remove(key: number): void {
    const at = rows.findIndex((row) => row.key === key)
    if (at >= 0) rows.splice(at, 1)
  }

  const places = computed(() => currencyPlaces(quote().currency))
  const amountOf = (row: QuoteLineDraft): bigint =>
    lineAmount(
      typedDecimal(row.quantity) ?? '0',
      typedDecimal(row.unit_price) ?? '0',
      row.discount_percent ? typedDecimal(row.discount_percent) : null,
      places.value,
    )
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

  function body(): object[] | null {
    const lines = rows.map((row, index) => {
      const line: Record<string, unknown> = { product_id: row.product_id, code: row.code }
      if (row.id !== null) line['id'] = row.id
      for (const field of texts) line[field] = row[field].trim() || null
      if (line['name'] === null) errors.value[`${index}/name`] = t('field.needed')
      for (const field of numbers) {
        const typed = row[field].trim() === '' ? null : typedDecimal(row[field])
        const isNeeded = field === 'quantity' || field === 'unit_price'
        if (typed === null && (isNeeded || row[field].trim() !== ''))
          errors.value[`${index}/${field}`] = t(row[field].trim() === '' ? 'field.needed' : 'field.noNumber')
        line[field] = typed
      }
      return line
    })
    return Object.keys(errors.value).length === 0 ? lines : null
  }

  async function commit(): Promise<void> {
    if (busy.value) return
    clearErrors()
    const lines = body()
    if (!lines) return
    busy.value = true
    try {
      await save(base, { lines }, { describe, isFirm: true })
      isEditing.value = false
    } catch (fault) {
      general.value = explain(fault)
      if (fault instanceof Problem) {
        for (const { pointer, detail } of fault.errors) {
          const match = /^lines\/(\d+\/\w+)$/.exec(fieldOf(pointer ?? ''))
          if (match?.[1]) errors.value[match[1]] = detail
        }
      }
    } finally {
      busy.value = false
    }
  }

  return { isEditing, rows, errors, general, busy, edit, touch, add, remove, amountOf, sums, commit }
}
