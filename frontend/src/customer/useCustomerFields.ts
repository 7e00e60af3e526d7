import { useI18n } from 'vue-i18n'
import { useFormat } from '@/i18n/format'
import type { FieldText } from '@/records/conflicts'
import { fieldLabel } from '@/records/fieldLabels'
import { useCustomFields } from '@/records/useCustomFields'
import { useOptions } from '@/records/useOptions'
import { useReference } from '@/records/useReference'
import { useUsers } from '@/records/useUsers'

/** Fields of a customer and their values in the reader's words. */
export function useCustomerFields() {
  const { t } = useI18n()
  const { instant } = useFormat()
  const users = useUsers()
  const custom = useCustomFields('customers')
  const tags = useReference('tags')
  const teams = useReference('teams')
  const options = {
    level: useOptions('level'),
    source: useOptions('source'),
    industry: useOptions('industry'),
    disqualify_reason: useOptions('disqualify_reason'),
  }

  /** The journal keeps the ids of tags and parties, a form has names. */
  function sayItem(item: unknown): string {
    if (typeof item !== 'object' || item === null) return String(item)
    const { tag_id: tag, user_id: user, team_id: team } = item as Record<string, number | null | undefined>
    if (tag) return tags.value.find(({ id }) => id === tag)?.name ?? `#${tag}`
    const name = user ? users.nameOf(user) : (teams.value.find(({ id }) => id === team)?.name ?? '')
    return 'access' in item && item.access === 'write' ? t('customer.share.writes', { name }) : name
  }

  function say(field: string, value: unknown): string {
    if (value === null || value === undefined || value === '') return ''
    if (field === 'status') return t(`customer.statusName.${String(value)}`)
    if (field === 'kind') return t(`customer.kindName.${String(value)}`)
    if (field === 'owner_id') return users.nameOf(Number(value)) || String(value)
    if (field === 'parent_id' || field === 'merged_into_id') return `#${String(value)}`
    if (field in options) return options[field as keyof typeof options].label(String(value))
    if (field.endsWith('_at')) return instant(String(value))
    if (typeof value === 'boolean') return t(value ? 'field.yes' : 'field.no')
    if (Array.isArray(value)) return value.map(sayItem).filter(Boolean).join(t('undo.comma'))
    if (typeof value === 'object') return Object.values(value).filter(Boolean).join(' ')
    return String(value)
  }

  /** Unknown fields (inner keys of the server) have no label and are not shown. */
  function describe(field: string, value: unknown): FieldText {
    const [head = field, key] = field.split('.')
    if (head === 'custom') return key ? custom.describe(key, value) : custom.describeAll(value)
    return { label: fieldLabel('customer', head), value: say(head, value) }
  }

  return { describe, options, users }
}
