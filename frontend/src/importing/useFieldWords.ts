import { useI18n } from 'vue-i18n'
import type { Import } from '@/api/types'
import { useKindName } from '@/records/useKindName'
import type { ImportResource } from './resources'

/** The words for fields, and for the values of those that have a fixed set of them. */
export function useFieldWords() {
  const { t } = useI18n()
  const kindName = useKindName()
  const choiceKeys: Record<string, (value: string) => string> = {
    'customers.kind': (value) => t(`customer.kindName.${value}`),
    'customers.status': (value) => t(`customer.statusName.${value}`),
    'contacts.kind': (value) => kindName(value),
    'contacts.direction': (value) => t(`contact.directionName.${value}`),
    'tasks.kind': (value) => t(`task.kind.${value}`),
    'tasks.priority': (value) => t(`task.priority.${value}`),
    'deals.kind': (value) => t(`deal.kindName.${value}`),
    'deals.forecast_category': (value) => t(`deal.forecastName.${value}`),
  }
  return {
    /** As the server calls it, in the headings of exported files too. */
    field: (chosen: Pick<Import, 'fields'>, name: string): string =>
      chosen.fields.find((field) => field.name === name)?.label ?? name,
    choice: (resource: ImportResource, field: string, value: string): string =>
      choiceKeys[`${resource}.${field}`]?.(value) ?? value,
  }
}
