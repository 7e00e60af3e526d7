import { computed, type ComputedRef } from 'vue'
import { i18n, t } from '@/i18n/i18n'
import type { ListFilter } from '@/layout/FilterChips.vue'
import type { ListRange } from '@/layout/useRanges'
import { customPrefix } from '@/records/listSpec'
import { customLabel, type CustomFields } from '@/records/useCustomFields'
import type { Column } from '@/ui/table/columns'

const numeric = new Set(['number', 'money'])
const chosen = new Set(['choice', 'multi_choice', 'yes_no', 'user'])
const worded = new Set(['text', 'link'])

/** Custom fields as columns of a table; hidden until a person chooses them. */
export function customColumns(custom: CustomFields): Column[] {
  return custom.fields.value.map((field) => ({
    key: `${customPrefix}${field.key}`,
    label: customLabel(field),
    width: worded.has(field.kind) ? 160 : 124,
    ...(field.kind === 'multi_choice' ? {} : { sort: `${customPrefix}${field.key}` }),
    ...(numeric.has(field.kind) ? { align: 'end' as const } : {}),
    fields: ['custom'],
  }))
}

/** What a cell of a custom field shows; null for another column. */
export function customCell(custom: CustomFields, column: string, record: { custom: unknown }): string | null {
  if (!column.startsWith(customPrefix)) return null
  const key = column.slice(customPrefix.length)
  const field = custom.fields.value.find((one) => one.key === key)
  return field ? custom.say(field, (record.custom as Record<string, unknown> | null)?.[key]) : ''
}

/** Custom fields as filters of a list: choices and texts as chips, numbers and dates as ranges. */
export function useCustomFilters(custom: CustomFields): {
  filters: ComputedRef<ListFilter[]>
  ranges: ComputedRef<ListRange[]>
  /** What rows are drawn anew for. */
  memo: ComputedRef<unknown>
} {
  return {
    filters: computed(() =>
      custom.fields.value
        .filter(({ kind }) => chosen.has(kind) || worded.has(kind))
        .map((field) => ({
          key: `${customPrefix}${field.key}`,
          label: customLabel(field),
          ...(worded.has(field.kind)
            ? { choices: [], isText: true as const }
            : {
                choices: [
                  ...custom.choicesOf(field),
                  ...(field.kind === 'yes_no' ? [] : [{ value: 'none', label: t('field.none') }]),
                ],
              }),
        })),
    ),
    ranges: computed(() =>
      custom.fields.value
        .filter(({ kind }) => numeric.has(kind) || kind === 'date')
        .map((field) => ({
          from: `${customPrefix}${field.key}${field.kind === 'date' ? '_from' : '_min'}`,
          to: `${customPrefix}${field.key}${field.kind === 'date' ? '_to' : '_max'}`,
          label: customLabel(field),
          kind: field.kind === 'date' ? ('date' as const) : ('number' as const),
        })),
    ),
    memo: computed(() => [
      i18n.global.locale.value,
      custom.fields.value,
      custom.fields.value.map(custom.choicesOf),
    ]),
  }
}
