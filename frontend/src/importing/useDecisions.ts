import { computed, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Import } from '@/api/types'
import { useOptions } from '@/records/useOptions'
import { useRoles } from '@/admin/useRoles'
import { useRecordSearch } from '@/records/useRecordSearch'
import { useReference } from '@/records/useReference'
import { useUsers } from '@/records/useUsers'
import { useSession } from '@/session/session'
import type { PickChoice } from '@/ui/PickList.vue'
import { makers } from './mapping'
import type { Decision, UnknownValue } from './outcome'
import { useFieldWords } from './useFieldWords'

const nothing = '\u0000nothing'
const making = '\u0000create'
const searched = ['customers', 'people', 'deals', 'products']
// Names of what was chosen by searching; the import itself keeps the number only.
const known = new Map<string, string>()

/** What a text of a file may stand for: a record or a value that is there, nothing, or one that is made of it. */
export function useDecisions(chosen: () => Import, unknown: () => UnknownValue, isOpen: Ref<boolean>) {
  const { t } = useI18n()
  const session = useSession()
  const words = useFieldWords()
  const users = useUsers()
  const pipelines = useReference('pipelines')
  const teams = useReference('teams')
  const roles = useRoles()
  const field = computed(() => chosen().fields.find(({ name }) => name === unknown().field))
  const linked = computed(() => field.value?.links_to ?? '')
  const options = useOptions(field.value?.option_list ?? '')
  const isRemote = computed(() => searched.includes(linked.value))
  const {
    term,
    records: found,
    isSearching,
  } = useRecordSearch(linked, { fields: 'id,name' }, () => isRemote.value && isOpen.value)

  const records = computed<readonly PickChoice[]>(() => {
    if (isRemote.value) return found.value.map(({ id, name }) => ({ value: String(id), label: name }))
    if (linked.value === 'users') return users.choices.value
    if (linked.value === 'teams')
      return teams.value.map(({ id, name }) => ({ value: String(id), label: name }))
    if (linked.value === 'roles') return roles.choices.value
    if (linked.value === 'pipelines')
      return pipelines.value.map(({ id, name }) => ({ value: String(id), label: name }))
    if (linked.value === 'stages')
      return pipelines.value.flatMap(({ name: hint, stages }) =>
        stages.map(({ id, name }) => ({ value: String(id), label: name, hint })),
      )
    if (field.value?.option_list) return options.choices.value
    return (field.value?.choices ?? []).map((value) => ({
      value,
      label: words.choice(chosen().resource, unknown().field, value),
    }))
  })
  const mayMake = computed(() => {
    const kind = field.value?.option_list ? 'options' : linked.value
    const permission = makers[kind]
    return permission !== undefined && session.can(permission)
  })
  const fixed = computed<readonly PickChoice[]>(() => [
    ...(field.value?.is_required ? [] : [{ value: nothing, label: t('import.leaveBlank') }]),
    ...(mayMake.value ? [{ value: making, label: t('import.make', { value: unknown().value }) }] : []),
  ])
  const keyOf = (id: string): string => `${linked.value || field.value?.name} ${id}`

  return {
    term,
    isRemote,
    isSearching,
    choices: computed(() =>
      term.value.trim() && isRemote.value ? records.value : [...fixed.value, ...records.value],
    ),
    decisionOf(value: string): Decision {
      if (value === nothing) return null
      if (value === making) return { create: true }
      const record = records.value.find((one) => one.value === value)
      if (record) known.set(keyOf(value), record.label)
      return linked.value && linked.value !== 'roles' ? Number(value) : value
    },
    nameOf(decision: Decision): string {
      if (decision === null) return t('import.leaveBlank')
      if (typeof decision === 'object') return t('import.make', { value: unknown().value })
      const value = String(decision)
      return records.value.find((one) => one.value === value)?.label ?? known.get(keyOf(value)) ?? `#${value}`
    },
  }
}
