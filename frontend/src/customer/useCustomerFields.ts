import { useI18n } from 'vue-i18n'
import { useFormat } from '@/i18n/format'
import type { FieldText } from '@/records/conflicts'
import { useOptions } from '@/records/useOptions'
import { useUsers } from '@/records/useUsers'

const labels: Record<string, string> = {
  kind: 'customer.kind',
  name: 'customer.name',
  short_name: 'customer.shortName',
  email: 'customer.email',
  phone: 'customer.phone',
  company: 'customer.company',
  title: 'customer.title',
  website: 'customer.website',
  industry: 'customer.industry',
  source: 'customer.source',
  source_detail: 'customer.sourceDetail',
  level: 'customer.level',
  status: 'customer.status',
  credit_rating: 'customer.creditRating',
  tags: 'customer.tags',
  address: 'customer.address',
  tax_id: 'customer.taxId',
  employee_count: 'customer.employeeCount',
  annual_revenue: 'customer.annualRevenue',
  description: 'customer.description',
  owner_id: 'customer.owner',
  next_follow_up_at: 'customer.nextFollowUp',
  disqualify_reason: 'lead.reason',
  disqualify_note: 'lead.note',
  is_active: 'customer.isActive',
}

/** Fields of a customer and their values in the reader's words. */
export function useCustomerFields() {
  const { t } = useI18n()
  const { instant } = useFormat()
  const users = useUsers()
  const options = {
    level: useOptions('level'),
    source: useOptions('source'),
    industry: useOptions('industry'),
    disqualify_reason: useOptions('disqualify_reason'),
  }

  function say(field: string, value: unknown): string {
    if (value === null || value === undefined || value === '') return ''
    if (field === 'status') return t(`customer.statusName.${String(value)}`)
    if (field === 'kind') return t(`customer.kindName.${String(value)}`)
    if (field === 'owner_id') return users.nameOf(Number(value)) || String(value)
    if (field in options) return options[field as keyof typeof options].label(String(value))
    if (field.endsWith('_at')) return instant(String(value))
    if (typeof value === 'boolean') return t(value ? 'field.yes' : 'field.no')
    if (Array.isArray(value))
      return value.map((part) => (typeof part === 'object' ? JSON.stringify(part) : String(part))).join(', ')
    if (typeof value === 'object') return Object.values(value).filter(Boolean).join(' ')
    return String(value)
  }

  /** Unknown fields (inner keys of the server) have no label and are not shown. */
  function describe(field: string, value: unknown): FieldText {
    const [head = field] = field.split('.')
    return { label: labels[head] ? t(labels[head]) : '', value: say(head, value) }
  }

  return { describe, options, users }
}
