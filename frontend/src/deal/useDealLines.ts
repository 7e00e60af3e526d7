import { computed, reactive, ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { Problem } from '@/api/problem'
import type { Deal, Product } from '@/api/types'
import { explain } from '@/i18n/problem'
import { useSave } from '@/records/save'
import { fieldOf } from '@/ui/useForm'
import { currencyPlaces, decimal, decimalText, lineAmount, rounded, typedDecimal } from './decimal'
import { useDealFields } from './useDealFields'

/** A line as it is being typed. */
export interface LineDraft {
  key: number
  id: number | null
  product_id: number
  product: string
  unit: string | null
  quantity: string
  unit_price: string
  discount_percent: string
  tax_percent: string
}

const numbers = ['quantity', 'unit_price', 'discount_percent', 'tax_percent'] as const

/** `"3.00"` -> `3`: what a person would have typed. */
const plain = (text: string | null): string => (text ?? '').replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '')

/** Editing the lines of a deal: all of them are one change, saved together. */
export function useDealLines(deal: () => Deal) {
  const { t } = useI18n()
  const save = useSave('deals')
  const { describe } = useDealFields()
  const isEditing = ref(false)
  const rows = reactive<LineDraft[]>([])
  const errors = ref<Record<string, string>>({})
  const general = ref<string | null>(null)
  const busy = ref(false)
  let last = 0
  // The version with which the editing began, whatever arrives behind it.
  let base = deal()

  function edit(): void {
    base = deal()
    rows.splice(
      0,
      rows.length,
      ...base.lines.map((line) => ({
        key: ++last,
        id: line.id ?? null,
        product_id: line.product_id,
        product: line.product?.name ?? '',
        unit: null,
        quantity: plain(line.quantity),
        unit_price: plain(line.unit_price),
        discount_percent: plain(line.discount_percent),
        tax_percent: plain(line.tax_percent),
      })),
    )
    clearErrors()
    isEditing.value = true
  }
  /** A message goes away as soon as its field is edited. */
  function touch(name: string): void {
    errors.value = Object.fromEntries(Object.entries(errors.value).filter(([key]) => key !== name))
  }
  function clearErrors(): void {
    errors.value = {}
    general.value = null
  }
  function add(product: Product): LineDraft {
    const row: LineDraft = {
      key: ++last,
      id: null,
      product_id: product.id,
      product: product.name,
      unit: product.unit,
      quantity: '1',
      // The price of a list in another currency would be a wrong number.
      unit_price: product.currency === deal().currency ? plain(product.price) : '',
      discount_percent: '',
      tax_percent: plain(product.tax_percent),
    }
    rows.push(row)
    return row
  }
  function remove(key: number): void {
    const at = rows.findIndex((row) => row.key === key)
    if (at >= 0) rows.splice(at, 1)
  }

  const places = computed(() => currencyPlaces(deal().currency))
  const amountOf = (row: LineDraft): bigint =>
    lineAmount(
      typedDecimal(row.quantity) ?? '0',
      typedDecimal(row.unit_price) ?? '0',
      row.discount_percent ? typedDecimal(row.discount_percent) : null,
      places.value,
    )
  const sums = computed(() => {
    const lines = isEditing.value
      ? rows.map((row) => ({ amount: amountOf(row), tax: typedDecimal(row.tax_percent) }))
      : deal().lines.map((line) => ({ amount: decimal(line.amount), tax: line.tax_percent }))
    const net = lines.reduce((sum, { amount }) => sum + amount, 0n)
    const tax = lines.reduce(
      (sum, line) => sum + rounded((line.amount * decimal(line.tax)) / (100n * 10n ** 8n), places.value),
      0n,
    )
    return { net: decimalText(net), tax: decimalText(tax), gross: decimalText(net + tax) }
  })

  function body(): object[] | null {
    const lines = rows.map((row, index) => {
      const line: Record<string, unknown> = { product_id: row.product_id }
      if (row.id !== null) line['id'] = row.id
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

  /** Has the amount follow from the lines again. */
  async function follow(): Promise<void> {
    try {
      await save(deal(), { amount_is_manual: false }, { describe, isFirm: true })
    } catch (fault) {
      general.value = explain(fault)
    }
  }

  return { isEditing, rows, errors, general, busy, edit, touch, add, remove, amountOf, sums, commit, follow }
}
