import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import type { LocationQueryRaw } from 'vue-router'
import { nameOf, reports } from './reports'

/** The tabs of all reports; each covers what the page that one comes from covers. */
export function useReportTabs(shared: () => LocationQueryRaw) {
  const { t } = useI18n()
  return computed(() => [
    { name: 'dashboards', label: t('dashboard.title') },
    { name: 'report-summary', label: t('report.name.summary'), query: shared() },
    ...reports.map((report) => ({
      name: 'report',
      params: { path: report.path.split('/') },
      label: t(`report.name.${nameOf(report)}`),
      query: shared(),
    })),
  ])
}
