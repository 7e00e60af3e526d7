import { useI18n } from 'vue-i18n'
import type { DealLine } from '@/api/types'
import { useFormat } from '@/i18n/format'
import type { FieldText } from '@/records/conflicts'
import { fieldLabel } from '@/records/fieldLabels'
import { useCustomFields } from '@/records/useCustomFields'
import { useOptions } from '@/records/useOptions'
import { useUsers } from '@/records/useUsers'
import { usePipelines } from './usePipelines'

/** Fields of a deal and their values in the reader's words. */
export function useDealFields() {
  const { t } = useI18n()
  const { date, number, percent } = useFormat()
  const users = useUsers()
  const custom = useCustomFields('deals')
  const { stage, byId } = usePipelines()
  const options = {
    source: useOptions('source'),
    lost_reason: useOptions('lost_reason'),
    competitor: useOptions('competitor'),
  }

  /** The journal keeps ids, a form has names as well. */
  function sayLines(lines: readonly Partial<DealLine>[]): string {
    if (lines.some((line) => !line.product)) return t('deal.lineCount', { count: lines.length }, lines.length)
    return lines.map((line) => `${line.product?.name} × ${number(line.quantity ?? '0')}`).join(', ')
  }
  function sayPeople(people: readonly { name?: string; role?: string | null }[]): string {
    if (people.some(({ name }) => !name))
      return t('deal.peopleCount', { count: people.length }, people.length)
    return people.map(({ name, role }) => [name, role].filter(Boolean).join(' – ')).join(', ')
  }

  function say(field: string, value: unknown): string {
    if (value === null || value === undefined || value === '') return ''
    if (field === 'kind') return t(`deal.kindName.${String(value)}`)
    if (field === 'forecast_category') return t(`deal.forecastName.${String(value)}`)
    if (field === 'stage_id') return stage(Number(value))?.name ?? String(value)
    if (field === 'pipeline_id') return byId(Number(value))?.name ?? String(value)
    if (field === 'owner_id') return users.nameOf(Number(value)) || String(value)
    if (field === 'source' || field === 'lost_reason') return options[field].label(String(value))
    if (field === 'customer_id') return `#${String(value)}`
    if (field === 'win_probability') return percent(Number(value))
    if (field === 'amount') return number(String(value))
    if (field.endsWith('_on')) return date(String(value))
    if (typeof value === 'boolean') return t(value ? 'field.yes' : 'field.no')
    if (field === 'lines' && Array.isArray(value)) return sayLines(value as Partial<DealLine>[])
    if (field === 'collaborators' && Array.isArray(value))
      return value
        .map(({ user_id: user }: { user_id: number | null }) => users.nameOf(user))
        .filter(Boolean)
        .join(', ')
    if (field === 'people' && Array.isArray(value)) return sayPeople(value as { name?: string }[])
    if (field === 'competitors' && Array.isArray(value))
      return value.map((name) => options.competitor.label(String(name))).join(', ')
    if (Array.isArray(value)) return value.join(', ')
    return String(value)
  }

  /** Unknown fields (inner keys of the server, the rank) have no label and are not shown. */
  function describe(field: string, value: unknown): FieldText {
    const [head = field, key] = field.split('.')
    if (head === 'custom') return key ? custom.describe(key, value) : custom.describeAll(value)
    return { label: fieldLabel('deal', head), value: say(head, value) }
  }

  return { describe, options, users }
}
