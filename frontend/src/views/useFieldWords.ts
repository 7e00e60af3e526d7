import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import type { ListField } from '@/api/types'
import { useFormat } from '@/i18n/format'
import { useRecordNames } from '@/records/useRecordNames'
import { useReference } from '@/records/useReference'
import { useUsers } from '@/records/useUsers'
import type { PickChoice } from '@/ui/PickList.vue'
import { spanOf } from './ops'
import { needsNoValue, type Where } from './where'

const remote = new Set(['customers', 'people', 'deals', 'products'])

/** Whether the records that a field names are too many to be listed. */
export const isRemote = (field: ListField): boolean =>
  field.type === 'link' && remote.has(field.resource ?? '')

/** The fields, operators and values of filters in the reader's words. */
export function useFieldWords(byName: () => ReadonlyMap<string, ListField>, trees: () => readonly Where[]) {
  const { t, locale } = useI18n()
  const { date, instant, number, percent } = useFormat()
  const users = useUsers()
  const teams = useReference('teams')
  const options = useReference('options')
  const pipelines = useReference('pipelines')
  const tags = useReference('tags')

  /** Single records that conditions name. */
  const named = computed(() => {
    const paths = new Set<string>()
    const walk = (tree: Where): void => {
      if ('and' in tree) tree.and.forEach(walk)
      else if ('or' in tree) tree.or.forEach(walk)
      else {
        const field = byName().get(tree.field)
        if (field && isRemote(field))
          for (const id of [tree.value].flat())
            if (/^\d+$/.test(String(id))) paths.add(`${field.resource}/${String(id)}`)
      }
    }
    trees().forEach(walk)
    return [...paths]
  })
  const names = useRecordNames(() => named.value)

  /** The values that can be chosen for a field, as far as they can be listed. */
  function choicesOf(field: ListField): readonly PickChoice[] {
    if (field.type === 'choice') return field.values
    if (field.type === 'tag') return tags.value.map(({ name }) => ({ value: name, label: name }))
    if (field.type === 'option')
      return options.value
        .filter((option) => option.list === field.list && !option.is_retired && option.is_active !== false)
        .map((option) => ({
          value: option.value,
          label: locale.value === 'en' ? option.label_en : option.label_zh,
        }))
    switch (field.resource) {
      case 'users':
        return [{ value: 'me', label: t('view.me') }, ...users.choices.value]
      case 'teams':
        return [
          { value: 'my_team', label: t('view.myTeam') },
          ...teams.value
            .filter((team) => team.is_active !== false)
            .map((team) => ({ value: String(team.id), label: team.name })),
        ]
      case 'pipelines':
        return pipelines.value.map((one) => ({ value: String(one.id), label: one.name }))
      case 'stages':
        return pipelines.value.flatMap((one) =>
          one.stages.map((stage) => ({
            value: String(stage.id),
            label: stage.name,
            ...(pipelines.value.length > 1 ? { hint: one.name } : {}),
          })),
        )
      default:
        return []
    }
  }

  function valueText(field: ListField, value: unknown): string {
    const text = String(value)
    if (isRemote(field)) return names.nameOf(`${field.resource}/${text}`) ?? `#${text}`
    if (field.type === 'flag') return t(value === true || text === 'true' ? 'view.yes' : 'view.no')
    if (field.resource === 'users' && text !== 'me') return users.nameOf(Number(text)) || `#${text}`
    if (field.type === 'date') return date(text)
    if (field.type === 'moment') return text.length === 10 ? date(text) : instant(text)
    if (field.type === 'rate') return percent(Number(text))
    if (field.type === 'number' || field.type === 'decimal') return number(Number(text))
    return choicesOf(field).find((choice) => choice.value === text)?.label ?? text
  }

  /** An operator in words, such as "is any of". */
  function opText(field: ListField, op: string): string {
    const kind = field.type === 'date' || field.type === 'moment' ? 'time' : 'plain'
    const key = `view.op.${op}`
    return kind === 'time' && ['eq', 'lt', 'lte', 'gt', 'gte'].includes(op) ? t(`view.timeOp.${op}`) : t(key)
  }

  function spanText(name: string): string {
    const { days, kind } = spanOf(name)
    return days === null ? t(`view.span.${name}`) : t(`view.days.${kind}`, { count: days }, days)
  }

  /** A tree in words; groups inside it in brackets. */
  function text(tree: Where, isInside = false): string {
    if (!('field' in tree)) {
      const [word, parts] = 'and' in tree ? (['and', tree.and] as const) : (['or', tree.or] as const)
      const joined = parts.map((part) => text(part, true)).join(t(`view.joined.${word}`))
      return isInside ? t('view.bracketed', { text: joined }) : joined
    }
    const field = byName().get(tree.field)
    if (!field) return tree.field
    if (needsNoValue(tree.op)) return `${field.label} ${opText(field, tree.op)}`
    if (tree.op === 'within') return `${field.label} ${spanText(String(tree.value))}`
    const values = [tree.value].flat()
    const said = values.slice(0, 2).map((value) => valueText(field, value))
    const rest = values.length > 2 ? ` +${values.length - 2}` : ''
    // One value of several: "is" reads better than "is any of".
    const op = values.length === 1 ? ({ in: 'eq', not_in: 'ne' }[tree.op] ?? tree.op) : tree.op
    return `${field.label} ${opText(field, op)} ${said.join(t('view.joined.values'))}${rest}`
  }

  return { text, opText, spanText, valueText, choicesOf }
}
