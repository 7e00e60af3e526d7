import { Building2, Plus, Search, Tag } from '@lucide/vue'
import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { computed, type Component, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter, type RouteLocationRaw } from 'vue-router'
import { rest } from '@/api/rest'
import type { Customer, ListPage, SearchMatch } from '@/api/types'
import { recentIds } from '@/records/recents'
import { useReference } from '@/records/useReference'
import { resultKinds, splitMatches } from '@/search/results'
import { useSearch } from '@/search/useSearch'
import { useSession } from '@/session/session'
import { commands } from '@/ui/shortcuts'
import { isSpelt } from '@/ui/spelling'

/** A row of the palette: something to do, or a page to open. */
export interface PaletteRow {
  key: string
  group: string
  label: string
  /** What matched in the label. */
  marks?: readonly number[][]
  hint?: string | null
  /** A text beside the label in which the words stand. */
  match?: SearchMatch
  icon?: Component
  keys?: string
  to?: RouteLocationRaw
  run?: () => void
  /** The record that the row stands for. */
  record?: { type: string; id: number; customerId: number | null }
  /** Stands whatever the server answers. */
  isLocal?: boolean
}

const recentsShown = 6
const resultsShown = 20

/** What the palette offers: recents, commands and tags at once, records as the server finds them. */
export function usePaletteRows(term: Readonly<Ref<string>>, isOpen: Ref<boolean>) {
  const { t } = useI18n()
  const router = useRouter()
  const session = useSession()
  const typed = computed(() => term.value.trim())
  /** `>` asks for commands only, `@` for people, `#` for tags. */
  const prefix = computed(() => /^[>＞@＠#＃]/.exec(typed.value)?.[0].normalize('NFKC') ?? '')
  const words = computed(() => (prefix.value ? typed.value.slice(1).trim() : typed.value))
  const word = computed(() => words.value.normalize('NFKC').toLowerCase())

  const actions = computed(() =>
    prefix.value !== '' && prefix.value !== '>'
      ? []
      : commands.value
          .filter((command) => !command.hidden && isSpelt(command.label(), word.value))
          .map<PaletteRow>((command) => ({
            key: command.id,
            group: t(`shell.group.${command.group}`),
            label: command.label(),
            run: () => command.run(),
            isLocal: true,
            ...(command.icon ? { icon: command.icon } : {}),
            ...(command.keys?.[0] ? { keys: command.keys[0] } : {}),
          }))
          .sort((a, b) => a.group.localeCompare(b.group)),
  )

  // Read with each opening: what was looked at last is remembered outside of the page's state.
  const recent = computed(() =>
    isOpen.value ? recentIds('customers', session.user?.id ?? 0).slice(0, recentsShown) : [],
  )
  const visited = useQuery({
    queryKey: computed(() => ['palette', 'recents', recent.value] as const),
    queryFn: ({ signal }) =>
      rest.get<ListPage<Customer>>(
        '/customers',
        { id: recent.value, fields: 'id,name,company', count: 'none' },
        signal,
      ),
    enabled: computed(() => recent.value.length > 0),
    staleTime: 60_000,
    placeholderData: keepPreviousData,
    retry: false,
    shallow: true,
  })
  const recents = computed(() =>
    recent.value.flatMap<PaletteRow>((id) => {
      const customer = visited.data.value?.data.find((one) => one.id === id)
      if (!customer) return []
      const to = { name: 'customer', params: { id } }
      const shown = { label: customer.name, hint: customer.company, icon: Building2, to, isLocal: true }
      const record = { type: 'customer', id, customerId: id }
      return [{ key: `recent-${id}`, group: t('search.recent'), record, ...shown }]
    }),
  )

  const allTags = useReference('tags')
  const tags = computed(() =>
    allTags.value
      .filter(({ name }) => isSpelt(name, word.value))
      .slice(0, resultsShown)
      .map<PaletteRow>((tag) => ({
        key: `tag-${tag.id}`,
        group: t('customer.tags'),
        label: tag.name,
        icon: Tag,
        to: { name: 'customers', query: { tag: tag.name } },
        isLocal: true,
      })),
  )

  const asks = computed(() => prefix.value === '' || prefix.value === '@')
  const asked = computed(() => ({
    q: asks.value ? words.value : '',
    types: prefix.value === '@' ? 'person' : '',
    limit: resultsShown,
  }))
  const search = useSearch(asked)
  const records = computed(() => {
    const found = (search.answer.value?.data ?? []).flatMap<PaletteRow>((result) => {
      const kind = resultKinds[result.type]
      if (!kind) return []
      const { title, other } = splitMatches(result)
      return [
        {
          key: `${result.type}-${result.id}`,
          group: t(kind.label),
          label: result.title,
          hint: result.subtitle,
          icon: kind.icon,
          to: kind.to(result),
          record: { type: result.type, id: result.id, customerId: result.customer_id },
          ...(title ? { marks: title.ranges } : {}),
          ...(other ? { match: other } : {}),
        },
      ]
    })
    // Kinds stand together, the one with the best result first.
    const groups = [...new Set(found.map(({ group }) => group))]
    return groups.flatMap((group) => found.filter((row) => row.group === group))
  })

  const last = computed<PaletteRow[]>(() => {
    if (!asks.value || words.value === '') return []
    const group = t('search.further')
    if (records.value.length > 0) {
      const query = { q: words.value, ...(asked.value.types ? { types: asked.value.types } : {}) }
      const to = { name: 'search', query }
      return [{ key: 'all', group, label: t('search.all', { text: words.value }), icon: Search, to }]
    }
    if (search.isPending.value || search.error.value || prefix.value || !session.can('customer:write'))
      return []
    const to = { name: 'customers', query: { new: words.value } }
    return [
      { key: 'create-customer', group, label: t('search.create', { text: words.value }), icon: Plus, to },
    ]
  })

  return {
    rows: computed<PaletteRow[]>(() => {
      if (prefix.value === '#') return tags.value
      if (words.value === '') return prefix.value ? actions.value : [...recents.value, ...actions.value]
      return [...actions.value, ...records.value, ...last.value]
    }),
    words,
    isSearching: search.isPending,
    error: search.error,
    isNear: computed(() => search.answer.value?.meta.is_near ?? false),
    hrefOf: (row: PaletteRow): string | null => (row.to ? router.resolve(row.to).href : null),
    open: (row: PaletteRow): void => {
      if (row.to) void router.push(row.to)
      else row.run?.()
    },
  }
}
