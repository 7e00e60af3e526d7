import { useI18n } from 'vue-i18n'
import { useFormat } from '@/i18n/format'
import type { FieldText } from '@/records/conflicts'
import { fieldLabel } from '@/records/fieldLabels'
import { useCustomFields, type CustomResource } from '@/records/useCustomFields'
import { useOptions } from '@/records/useOptions'
import { useUsers } from '@/records/useUsers'
import { useKindName } from '@/records/useKindName'

const optionLists: Record<string, string> = {
  outcome: 'outcome',
  decision_role: 'decision_role',
  category: 'product_category',
}
const customOf: Record<string, CustomResource> = {
  person: 'people',
  contact: 'contacts',
  product: 'products',
}
const links = new Set(['customer_id', 'person_id', 'deal_id', 'merged_into_id'])

/** Fields of records other than customers and deals, and their values in the reader's words. */
export function useOtherFields(resource: string) {
  const { t } = useI18n()
  const kindName = useKindName()
  const { instant, date, number } = useFormat()
  const users = useUsers()
  const custom = resource in customOf ? useCustomFields(customOf[resource] as CustomResource) : null
  const options = Object.fromEntries(
    Object.entries(optionLists).map(([field, list]) => [field, useOptions(list)]),
  )

  function sayItem(item: unknown): string {
    if (typeof item !== 'object' || item === null) return String(item)
    const {
      address,
      raw,
      customer_id: customer,
      role,
      title,
      name,
    } = item as Record<string, string | null | undefined>
    return address ?? raw ?? title ?? [name ?? `#${customer ?? ''}`, role].filter(Boolean).join(' ')
  }

  function say(field: string, value: unknown): string {
    if (value === null || value === undefined || value === '') return ''
    if (field === 'kind' && resource === 'contact') return kindName(String(value))
    if (field === 'direction') return t(`contact.directionName.${String(value)}`)
    if (field === 'colour') return t(`admin.colour.${String(value)}`)
    if (field === 'user_id') return users.nameOf(Number(value)) || `#${String(value)}`
    if (links.has(field)) return `#${String(value)}`
    if (options[field]) return options[field].label(String(value))
    if (field.endsWith('_at')) return instant(String(value))
    if (field === 'birthday') return date(String(value))
    if (field === 'price' || field === 'cost' || field === 'amount') return number(String(value))
    if (typeof value === 'boolean') return t(value ? 'field.yes' : 'field.no')
    if (Array.isArray(value)) return value.map(sayItem).join(t('undo.comma'))
    if (typeof value === 'object') return Object.values(value).filter(Boolean).join(' ')
    return String(value)
  }

  function describe(field: string, value: unknown): FieldText {
    const [head = field, key] = field.split('.')
    if (head === 'custom' && custom) return key ? custom.describe(key, value) : custom.describeAll(value)
    return { label: fieldLabel(resource, head), value: say(head, value) }
  }

  return { describe }
}
