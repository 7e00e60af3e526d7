import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { useFormat } from '@/i18n/format'
import { useOptions } from '@/records/useOptions'
import { useRecordNames } from '@/records/useRecordNames'
import { useReference } from '@/records/useReference'
import { useUsers } from '@/records/useUsers'
import { leavesOf, listFilters } from './listFilters'

/** How the filters that came from a report are said in words. */
export function useFilterText(filters: ComputedRef<Readonly<Record<string, readonly string[]>>>) {
  const { t, te, locale } = useI18n()
  const { date, instant } = useFormat()
  const users = useUsers()
  const teams = useReference('teams')
  const pipelines = useReference('pipelines')
  const options: Record<string, ReturnType<typeof useOptions>> = {
    industry: useOptions('industry'),
    source: useOptions('source'),
    lost_reason: useOptions('lost_reason'),
    competitor: useOptions('competitor'),
    outcome: useOptions('outcome'),
  }
  const stages = computed(
    () =>
      new Map(pipelines.value.flatMap(({ stages: all }) => all.map(({ id, name }) => [String(id), name]))),
  )
  /** The records that are named by their ids, `customers/7`. */
  const names = useRecordNames(() =>
    Object.entries(filters.value).flatMap(([key, values]) => {
      const way = listFilters[key]
      return way?.kind === 'record'
        ? values.filter((value) => /^\d+$/.test(value)).map((value) => `${way.resource}/${value}`)
        : []
    }),
  )
  function say(key: string, value: string): string {
    const way = listFilters[key] ?? { kind: 'plain' }
    if (value === 'none') return t('report.filterNone')
    switch (way.kind) {
      case 'record':
        return names.nameOf(`${way.resource}/${value}`) ?? `#${value}`
      case 'team':
        return teams.value.find(({ id }) => String(id) === value)?.name ?? `#${value}`
      case 'user':
        return users.nameOf(Number(value)) || `#${value}`
      case 'stage':
        return stages.value.get(value) ?? `#${value}`
      case 'option':
        return options[way.list]?.label(value) ?? value
      case 'country':
        return /^[A-Z]{2}$/.test(value)
          ? (new Intl.DisplayNames(locale.value, { type: 'region' }).of(value) ?? value)
          : value
      case 'day':
        return /^\d{4}-\d{2}-\d{2}$/.test(value) ? date(value) : instant(value)
      case 'instant':
        return instant(value)
      case 'word':
        return te(`${way.under}.${value}`) ? t(`${way.under}.${value}`) : value
      case 'span': {
        const [what = '', ...days] = value.split(',')
        const known = /^open(\.|$)/.test(what) ? t('report.anyOpenStage') : stages.value.get(what)
        const name = way.under && te(`${way.under}.${what}`) ? t(`${way.under}.${what}`) : (known ?? what)
        return [
          name,
          days
            .slice(0, 2)
            .map((one) => (one ? date(one) : '…'))
            .join(' – '),
        ].join(' ')
      }
      case 'where':
        return whereText(value)
      default:
        return value
    }
  }

  function whereText(value: string): string {
    const leaves = leavesOf(value)
    if (!leaves?.every(({ field, op }) => te(`report.filter.${field}`) && te(`report.filterOp.${op}`)))
      return value
    return leaves
      .map(({ field, op, value: against }) =>
        t(`report.filterOp.${op}`, { field: t(`report.filter.${field}`), value: say(field, against) }),
      )
      .join(', ')
  }

  return {
    nameOf: (key: string): string => (te(`report.filter.${key}`) ? t(`report.filter.${key}`) : key),
    valueOf: (key: string, values: readonly string[]): string => {
      const [first = '', ...rest] = values
      return rest.length > 1
        ? `${say(key, first)} +${rest.length}`
        : values.map((value) => say(key, value)).join(', ')
    },
  }
}
