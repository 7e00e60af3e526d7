import { computed, type ComputedRef } from 'vue'
import { t } from '@/i18n/i18n'
import { customLabel } from '@/records/useCustomFields'
import { useReference } from '@/records/useReference'
import { optionLists } from './optionLists'

/** An option list as the page of options shows it. */
export interface ShownList {
  name: string
  label: string
  /** What its values are for. */
  use: string
}

/** The option lists of the product, then those of custom fields. */
export function useOptionLists(): ComputedRef<ShownList[]> {
  const fields = useReference('custom-fields')
  return computed(() => [
    ...optionLists.map((name) => ({
      name,
      label: t(`admin.option.list.${name}`),
      use: t(`admin.option.use.${name}`),
    })),
    ...fields.value
      .filter(({ kind }) => kind === 'choice' || kind === 'multi_choice')
      .map((field) => ({
        name: `${field.resource}.${field.key}`,
        label: customLabel(field),
        use: t('admin.option.useOfField', {
          name: customLabel(field),
          of: t(`admin.field.of.${field.resource}`),
        }),
      })),
  ])
}
