import { computed, type ComputedRef } from 'vue'
import { i18n } from '@/i18n/i18n'
import { hueOf, type Hue } from '@/ui/tokens'
import { useReference } from './useReference'

/** Values of an option list in the reader's language. */
export interface OptionList {
  choices: ComputedRef<{ value: string; label: string; hue: Hue }[]>
  /** The words of a value; the value itself when it is no longer in the list. */
  label(value: string | null | undefined): string
  hue(value: string | null | undefined): Hue
}

/** An option list (source, level, industry, ...) as an admin keeps it; retired values are known, not offered. */
export function useOptions(list: string): OptionList {
  const rows = useReference('options', { list })
  const all = computed(() =>
    rows.value.map((option) => ({
      value: option.value,
      label: i18n.global.locale.value === 'en' ? option.label_en : option.label_zh,
      hue: hueOf(option.colour),
      isRetired: option.is_active === false || (option as { is_retired?: boolean }).is_retired === true,
    })),
  )
  const byValue = computed(() => new Map(all.value.map((option) => [option.value, option])))
  return {
    choices: computed(() => all.value.filter((option) => !option.isRetired)),
    label: (value) => (value == null ? '' : (byValue.value.get(value)?.label ?? value)),
    hue: (value) => (value == null ? 'gray' : (byValue.value.get(value)?.hue ?? 'gray')),
  }
}
