import { computed, type ComputedRef } from 'vue'
import { i18n, t } from '@/i18n/i18n'
import { useFormat } from '@/i18n/format'
import type { CustomField } from '@/api/types'
import { hueOf, type Hue } from '@/ui/tokens'
import type { FieldText } from './conflicts'
import { useFieldGuard } from './useFieldGuard'
import { useReference } from './useReference'
import { useUsers } from './useUsers'

/** The kinds of record that an admin may add fields to. */
export type CustomResource = CustomField['resource']

/** What stands in a form for a custom value: texts, and lists of texts for several choices. */
export type Typed = string | string[] | null

/** A value that may be chosen. */
export interface CustomChoice {
  value: string
  label: string
  hue: Hue
}

/** A number as people write it (`1,234.5`, `１２`) as the server takes it; what is none goes as it is. */
function plainNumber(text: string): string {
  const plain = text.normalize('NFKC').replace(/[\s,]/g, '')
  return /^[+-]?(\d+(\.\d*)?|\.\d+)$/.test(plain)
    ? plain.replace(/^([+-]?)\./, '$10.').replace(/\.$/, '')
    : text.trim()
}

/** A stored value as a form shows it. */
export function typedOf(field: CustomField, value: unknown): Typed {
  if (field.kind === 'multi_choice') return Array.isArray(value) ? value.map(String) : []
  if (value === null || value === undefined) return null
  // Nobody types the zeros of an amount.
  if (field.kind === 'money') return String(value).replace(/\.00$/, '')
  return String(value)
}

/** What was typed as the server takes it; null for nothing. */
export function sentOf(field: CustomField, typed: Typed | undefined): unknown {
  if (typed === null || typed === undefined || typed === '' || typed.length === 0) return null
  if (Array.isArray(typed)) return typed
  if (field.kind === 'yes_no') return typed === 'true'
  if (field.kind === 'user') return Number(typed)
  if (field.kind === 'number' || field.kind === 'money') return plainNumber(typed)
  return typed.trim() || null
}

/** What a field is called in the reader's language. */
export function customLabel(field: CustomField): string {
  return i18n.global.locale.value === 'en' ? field.label_en : field.label_zh
}

/** The custom fields of a kind of record, and their values in the reader's words. */
export function useCustomFields(resource: CustomResource) {
  const { date, money, number } = useFormat()
  const users = useUsers()
  const rows = useReference('custom-fields')
  const { isHidden, isClosed } = useFieldGuard(resource)
  const declared = computed(() =>
    rows.value
      .filter((field) => field.resource === resource && !isHidden(`custom.${field.key}`))
      .sort((a, b) => a.rank - b.rank || a.id - b.id),
  )
  const hasChoices = computed(() => declared.value.some(({ kind }) => kind.endsWith('choice')))
  const options = useReference('options', {}, hasChoices)
  const byKey = computed(() => new Map(declared.value.map((field) => [field.key, field])))
  const byList = computed(() => {
    const lists = new Map<string, Map<string, CustomChoice & { isRetired: boolean }>>()
    for (const option of options.value) {
      if (!option.list.startsWith(`${resource}.`)) continue
      const list = lists.get(option.list) ?? new Map()
      list.set(option.value, {
        value: option.value,
        label: i18n.global.locale.value === 'en' ? option.label_en : option.label_zh,
        hue: hueOf(option.colour),
        isRetired: option.is_retired,
      })
      lists.set(option.list, list)
    }
    return lists
  })

  const optionsOf = (field: CustomField) => byList.value.get(`${resource}.${field.key}`)

  /** What may be chosen for a field; retired values are known and not offered. */
  function choicesOf(field: CustomField): CustomChoice[] {
    if (field.kind === 'yes_no')
      return [
        { value: 'true', label: t('field.yes'), hue: 'green' },
        { value: 'false', label: t('field.no'), hue: 'gray' },
      ]
    if (field.kind === 'user') return users.choices.value.map((choice) => ({ ...choice, hue: 'gray' }))
    return [...(optionsOf(field)?.values() ?? [])].filter(({ isRetired }) => !isRetired)
  }

  function sayItem(field: CustomField, value: unknown): string {
    return optionsOf(field)?.get(String(value))?.label ?? String(value)
  }

  /** A value in the reader's words. */
  function say(field: CustomField, value: unknown): string {
    if (value === null || value === undefined || value === '') return ''
    switch (field.kind) {
      case 'number':
        return number(String(value), 4)
      case 'money':
        return money(String(value), field.currency)
      case 'date':
        return date(String(value))
      case 'yes_no':
        return t(value === true ? 'field.yes' : 'field.no')
      case 'user':
        return users.nameOf(Number(value)) || `#${String(value)}`
      case 'choice':
        return sayItem(field, value)
      case 'multi_choice':
        return Array.isArray(value) ? value.map((one) => sayItem(field, one)).join(t('undo.comma')) : ''
      default:
        return String(value)
    }
  }

  /** What a field is called and a value of it, for the history and for conflicts; retired fields are known too. */
  function describe(key: string, value: unknown): FieldText {
    const field = byKey.value.get(key)
    return field
      ? { label: customLabel(field), value: say(field, value) }
      : { label: key, value: value === null || value === undefined ? '' : String(value) }
  }

  /** Several values at once: their fields and values, for a place that has one line for all of them. */
  function describeAll(values: unknown): FieldText {
    const parts = Object.entries((values ?? {}) as Record<string, unknown>).map(([key, value]) =>
      describe(key, value),
    )
    return {
      label: parts.map(({ label }) => label).join(t('undo.comma')) || t('undo.otherField'),
      value: parts
        .map(({ label, value }) => (parts.length > 1 ? `${label}: ${value}` : value))
        .join(t('undo.comma')),
    }
  }

  return {
    /** The reader may not write it, whatever the record. */
    isClosed: (field: CustomField): boolean => isClosed(`custom.${field.key}`),
    /** Those that take values, in their order. */
    fields: computed(() => declared.value.filter((field) => !field.is_retired)) as ComputedRef<
      readonly CustomField[]
    >,
    choicesOf,
    hueOf: (field: CustomField, value: unknown): Hue => optionsOf(field)?.get(String(value))?.hue ?? 'gray',
    say,
    describe,
    describeAll,
  }
}

/** What was typed for a new record, as a part of its body; nothing where no field was filled. */
export function customBody(
  custom: Pick<CustomFields, 'fields'>,
  typed: Record<string, Typed>,
): { custom?: Record<string, unknown> } {
  const filled = custom.fields.value
    .map((field) => [field.key, sentOf(field, typed[field.key])] as const)
    .filter(([, value]) => value !== null)
  return filled.length > 0 ? { custom: Object.fromEntries(filled) } : {}
}

/** The custom values that were typed anew in a form, as a part of a PATCH; nothing where none was. */
export function customChanges(
  custom: Pick<CustomFields, 'fields'>,
  record: { custom: unknown } | null,
  typed: Record<string, Typed>,
): { custom?: Record<string, unknown> } {
  const before = (record?.custom ?? {}) as Record<string, unknown>
  const changed = custom.fields.value
    .filter(({ key }) => key in typed)
    .map((field) => ({ field, value: sentOf(field, typed[field.key]) }))
    .filter(
      ({ field, value }) =>
        JSON.stringify(value) !== JSON.stringify(sentOf(field, typedOf(field, before[field.key]))),
    )
  return changed.length > 0
    ? { custom: Object.fromEntries(changed.map(({ field, value }) => [field.key, value])) }
    : {}
}

/** See {@link useCustomFields}. */
export type CustomFields = ReturnType<typeof useCustomFields>
