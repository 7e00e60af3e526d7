import { computed } from 'vue'
import { useI18n } from 'vue-i18n'

const day = 86_400_000

/** Whole days since something was entered. */
export function ageInDays(at: string, now = Date.now()): number {
  return Math.max(0, Math.floor((now - Date.parse(at)) / day))
}

/** The views of the customer list: all of them, and those that are leads. */
export function useCustomerTabs() {
  const { t } = useI18n()
  return computed(() => [
    { name: 'customers', label: t('lead.all') },
    { name: 'leads', label: t('nav.leads') },
  ])
}
