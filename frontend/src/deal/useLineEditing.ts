import { computed, reactive, ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { Problem } from '@/api/problem'
import type { Product } from '@/api/types'
import { explain } from '@/i18n/problem'
import { fieldOf } from '@/ui/useForm'
import { currencyPlaces, lineAmount, typedDecimal } from './decimal'

const numbers = ['quantity', 'unit_price', 'discount_percent', 'tax_percent'] as const

/** A line of products as it is being typed. */
export interface LineDraft extends Record<(typeof numbers)[number], string> {
  key: number
  id: number | null
  product_id: number | null
  name: string
  unit: string
}

/** The numbers of a line as they are read. */
type LineNumbers = Record<(typeof numbers)[number], string | null>

/** `"3.00"` -> `3`: what a person would have typed. */
const plain = (text: string | null | undefined): string =>
  (text ?? '').replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '')

/** The numbers of a line as they are typed. */
export function typedNumbers(line: Partial<LineNumbers>): Record<(typeof numbers)[number], string> {
  return {
    quantity: plain(line.quantity),
    unit_price: plain(line.unit_price),
    discount_percent: plain(line.discount_percent),
    tax_percent: plain(line.tax_percent),
  }
}

/** The numbers of a new line. */
export function numbersOf(product: Product | null, currency: string): ReturnType<typeof typedNumbers> {
  // The price of a list in another currency would be a wrong number.
  const unit_price = product?.currency === currency ? product.price : null
  return typedNumbers({ quantity: '1', unit_price, tax_percent: product?.tax_percent ?? null })
}

interface LineOptions<R, T extends LineDraft> {
  /** The lines of the record as drafts. */
  drafts(record: R): Omit<T, 'key'>[]
  /** What of a draft is sent besides its numbers; `need` marks a field that is missing. */
  bodyOf(row: T, need: (field: string) => void): object
  /** Saves the lines, from the record with which the editing began. */
  save(base: R, lines: object[]): Promise<unknown>
}

/** Editing the lines of a record: all of them are one change, saved together. */
export function useLineEditing<R extends { currency: string }, T extends LineDraft>(
  record: () => R,
  options: LineOptions<R, T>,
) {
  const { t } = useI18n()
  const isEditing = ref(false)
  const rows = reactive([]) as T[]
  const errors = ref<Record<string, string>>({})
  const general = ref<string | null>(null)
  const busy = ref(false)
  let last = 0
  // The version with which the editing began, whatever arrives behind it.
  let base = record()

  function edit(): void {
    base = record()
    rows.splice(0, rows.length)
    for (const draft of options.drafts(base)) add(draft)
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
  /** Adds a line at the end; its key. */
  function add(draft: Omit<T, 'key'>): number {
    const key = ++last
    rows.push({ ...draft, key } as T)
    return key
  }
  function remove(key: number): void {
    const at = rows.findIndex((row) => row.key === key)
    if (at >= 0) rows.splice(at, 1)
  }

  const places = computed(() => currencyPlaces(record().currency))
  const amountOf = (row: LineDraft): bigint =>
    lineAmount(
      typedDecimal(row.quantity) ?? '0',
      typedDecimal(row.unit_price) ?? '0',
      row.discount_percent ? typedDecimal(row.discount_percent) : null,
      places.value,
    )

  function body(): object[] | null {
    const lines = rows.map((row, index) => {
      const need = (field: string): void => void (errors.value[`${index}/${field}`] = t('field.needed'))
      const line: Record<string, unknown> = { product_id: row.product_id, ...options.bodyOf(row, need) }
      if (row.id !== null) line['id'] = row.id
      for (const field of numbers) {
        const isBlank = row[field].trim() === ''
        line[field] = isBlank ? null : typedDecimal(row[field])
        if (isBlank && (field === 'quantity' || field === 'unit_price')) need(field)
        else if (!isBlank && line[field] === null) errors.value[`${index}/${field}`] = t('field.noNumber')
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
      await options.save(base, lines)
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

  return { isEditing, rows, errors, general, busy, places, edit, touch, add, remove, amountOf, commit }
}
