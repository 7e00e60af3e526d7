import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { computed, reactive, ref, watch, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { rest } from '@/api/rest'
import type { ListPage } from '@/api/types'
import { useChangeWords } from '@/history/useChangeWords'
import { useFormat } from '@/i18n/format'
import { useLive } from '@/records/context'
import { useSession } from '@/session/session'
import {
  attachedLists,
  fallback,
  isBlank,
  mergeFields,
  united,
  valueOf,
  type Mergeable,
  type MergeResource,
  type Rule,
} from './mergeFields'

/** A field in which one value is chosen among those of the records. */
export interface MergeRow {
  field: string
  label: string
  /** What each record says, by its id; empty where it says nothing. */
  texts: ReadonlyMap<number, string>
  /** Whose value it takes. */
  from: number
  isSame: boolean
  /** It stays the survivor's: the reader may not choose. */
  isFixed: boolean
}

/** The records that are merged, the choice among their values, and what comes of it. */
export function useMerge(resource: MergeResource, ids: Ref<readonly number[]>) {
  const { t } = useI18n()
  const { number, date, dayOf } = useFormat()
  const { connection } = useLive()
  const session = useSession()
  const { describe } = useChangeWords(resource === 'customers' ? 'customer' : 'person')

  const loaded = useQuery({
    queryKey: computed(() => ['merge', resource, [...ids.value]] as const),
    queryFn: async ({ queryKey, signal }) => {
      await connection.ready()
      const wanted = queryKey[2].map((id) =>
        rest.get<Mergeable>(`/${resource}/${id}`, undefined, signal).catch((fault: { status?: number }) => {
          if (fault.status === 404) return null
          throw fault as Error
        }),
      )
      const found = (await Promise.all(wanted)).filter((one) => one !== null)
      // One that was merged already answers with the one that stands for it.
      return [...new Map(found.map((one) => [one.id, one])).values()]
    },
    meta: { live: { kind: 'reload', resources: [resource] } },
    // While one more is fetched, the page stays as it was.
    placeholderData: keepPreviousData,
    shallow: true,
  })
  const records = computed(() => loaded.data.value ?? [])

  const wanted = ref<number | null>(null)
  const survivor = computed(() => records.value.find(({ id }) => id === wanted.value) ?? records.value[0])
  const sources = computed(() => records.value.filter(({ id }) => id !== survivor.value?.id))
  const picked = reactive(new Map<string, number>())
  watch(
    () => records.value.map(({ id }) => id).join(),
    () => {
      const there = new Set(records.value.map(({ id }) => id))
      for (const [field, id] of picked) if (!there.has(id)) picked.delete(field)
    },
  )

  function textOf(record: Mergeable, field: string): string {
    const value = valueOf(record, field)
    if (field === 'owner_id' && value === null) return t('customer.pool')
    if (field.endsWith('_id') && field !== 'tax_id') {
      const link = record[field.slice(0, -3)] as { name?: string } | null | undefined
      if (link?.name) return link.name
    }
    if (isBlank(value)) return ''
    if (field === 'annual_revenue') return number(String(value))
    return describe(field, value).value
  }
  /** What tells a record from its namesakes. */
  function aboutOf(record: Mergeable): string {
    const link = record[resource === 'customers' ? 'owner' : 'customer'] as { name: string } | null
    return [
      link?.name ?? (resource === 'customers' ? t('customer.pool') : ''),
      t('merge.since', { day: date(dayOf(record.created_at)) }),
    ]
      .filter(Boolean)
      .join(' · ')
  }

  const fields = computed<[string, Rule][]>(() => {
    const keys = new Set(
      records.value.flatMap((one) => Object.keys((one['custom'] as object | null | undefined) ?? {})),
    )
    return [...mergeFields[resource], ...[...keys].map((key): [string, Rule] => [`custom.${key}`, 'filled'])]
  })
  const rows = computed<MergeRow[]>(() => {
    const main = survivor.value
    if (!main) return []
    return fields.value.flatMap(([field, rule]) => {
      const values = records.value.map((one) => valueOf(one, field))
      if (values.every(isBlank) && field !== 'owner_id') return []
      const said = values.map((value) => JSON.stringify(isBlank(value) ? null : value))
      const isFixed = field === 'owner_id' && !session.can('customer:assign')
      const from = isFixed ? main.id : (picked.get(field) ?? fallback(records.value, main, field, rule))
      return [
        {
          field,
          label: labelOf(field),
          texts: new Map(records.value.map((one) => [one.id, textOf(one, field)])),
          from,
          isSame: new Set(said).size === 1,
          isFixed,
        },
      ]
    })
  })
  const labelOf = (field: string): string =>
    resource === 'people' && (field === 'email' || field === 'phone')
      ? t(`person.field.${field}`)
      : describe(field, null).label

  function keep(id: number): void {
    wanted.value = id
  }
  function pick(field: string, id: number): void {
    picked.set(field, id)
  }
  function takeAll(id: number): void {
    for (const row of rows.value) if (!row.isFixed) picked.set(row.field, id)
  }

  /** Field to the record whose value it takes, for the fields in which they differ. */
  const values = computed(() =>
    Object.fromEntries(
      rows.value
        .filter(({ isSame, isFixed }) => !isSame && !isFixed)
        // A parent that is merged itself is none afterwards.
        .filter(({ field, from }) => field !== 'parent_id' || !isMergedParent(from))
        .map(({ field, from }) => [field, from]),
    ),
  )
  function isMergedParent(from: number): boolean {
    const parent = records.value.find(({ id }) => id === from)?.['parent_id']
    return records.value.some(({ id }) => id === parent)
  }

  const listed = (field: string, key?: string): string[][] =>
    records.value.map((one) =>
      ((one[field] as unknown[] | null | undefined) ?? []).map((item) =>
        key ? String((item as Record<string, unknown>)[key]) : String(item),
      ),
    )
  /** What nobody has to choose: the survivor has it of all of them. */
  const together = computed(() =>
    (resource === 'customers'
      ? [{ label: t('customer.tags'), words: united(listed('tags')) }]
      : [
          { label: t('person.field.emails'), words: united(listed('emails', 'address')) },
          { label: t('person.field.phones'), words: united(listed('phones', 'raw')) },
        ]
    ).filter(({ words }) => words.length > 0),
  )
  /** The addresses and numbers that a customer does not take over; a person there keeps them. */
  const left = computed(() => {
    if (resource !== 'customers') return []
    return rows.value
      .filter(({ field, isSame }) => (field === 'phone' || field === 'email') && !isSame)
      .flatMap(({ texts, from }) =>
        united([[...texts.values()]]).filter((text) => text && text !== texts.get(from)),
      )
  })

  const moving = useQuery({
    queryKey: computed(() => ['merge', resource, 'moving', sources.value.map(({ id }) => id)] as const),
    queryFn: async ({ queryKey, signal }) => {
      const lists = attachedLists[resource].filter(({ right }) => session.can(right))
      const counts = lists.map(async ({ list, by }) => {
        const query = { [by]: queryKey[3], per_page: 1, fields: 'id' }
        const { meta } = await rest.get<ListPage<object>>(`/${list}`, query, signal)
        return { list, count: meta.total ?? 0 }
      })
      return (await Promise.all(counts)).filter(({ count }) => count > 0)
    },
    enabled: computed(() => sources.value.length > 0),
    meta: { live: { kind: 'reload', resources: attachedLists[resource].map(({ list }) => list) } },
  })

  return {
    loaded,
    records,
    survivor,
    sources,
    rows,
    differing: computed(() => rows.value.filter(({ isSame }) => !isSame)),
    same: computed(() => rows.value.filter(({ isSame }) => isSame)),
    values,
    together,
    left,
    moves: computed(() => moving.data.value ?? []),
    keep,
    pick,
    takeAll,
    aboutOf,
  }
}

export type Merge = ReturnType<typeof useMerge>
