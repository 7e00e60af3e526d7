import { useI18n } from 'vue-i18n'
import { customPrefix, isCustom } from '@/records/listSpec'
import { customLabel } from '@/records/useCustomFields'
import { useReference } from '@/records/useReference'
import { useKindName } from '@/records/useKindName'
import { fieldLabel, type ImportResource } from './resources'

/** The words for fields, and for the values of those that have a fixed set of them. */
export function useFieldWords() {
  const { t } = useI18n()
  const kindName = useKindName()
  const fields = useReference('custom-fields')
  const choiceKeys: Record<string, (value: string) => string> = {
    'customers.kind': (value) => t(`customer.kindName.${value}`),
    'customers.status': (value) => t(`customer.statusName.${value}`),
    'contacts.kind': (value) => kindName(value),
    'contacts.direction': (value) => t(`contact.directionName.${value}`),
    'deals.kind': (value) => t(`deal.kindName.${value}`),
    'deals.forecast_category': (value) => t(`deal.forecastName.${value}`),
  }
  return {
    field(resource: ImportResource, name: string): string {
      if (isCustom(name)) {
        const field = fields.value.find(
          (one) => one.resource === resource && `${customPrefix}${one.key}` === name,
        )
        if (field) return customLabel(field)
      }
      const key = fieldLabel(resource, name)
      return key ? t(key) : name
    },
    choice: (resource: ImportResource, field: string, value: string): string =>
      choiceKeys[`${resource}.${field}`]?.(value) ?? value,
  }
}
