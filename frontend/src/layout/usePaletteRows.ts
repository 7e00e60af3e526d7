import { Building2, UserRound } from '@lucide/vue'
import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { computed, type Component, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter, type RouteLocationRaw } from 'vue-router'
import { rest } from '@/api/rest'
import type { Customer, ListPage, Person } from '@/api/types'
import { commands } from '@/ui/shortcuts'

/** A row of the palette. */
export interface PaletteRow {
  key: string
  group: string
  label: string
  hint?: string
  icon?: Component
  keys?: string
  run: () => void
}

interface Source {
  path: string
  group: string
  icon: Component
  row: (record: never) => { label: string; hint: string; to: RouteLocationRaw }
}

const sources: readonly Source[] = [
  {
    path: '/customers',
    group: 'nav.customers',
    icon: Building2,
    row: (customer: Customer) => ({
      label: customer.name,
      hint: [customer.company, customer.phone].filter(Boolean).join(' · '),
      to: { name: 'customer', params: { id: customer.id } },
    }),
  },
  {
    path: '/people',
    group: 'nav.people',
    icon: UserRound,
    row: (person: Person) => ({
      label: person.name,
      hint: [person.customer?.name, person.title].filter(Boolean).join(' · '),
      to: { name: 'customer', params: { id: person.customer_id } },
    }),
  },
]

/** What the palette offers: commands at once, records as the server finds them. */
export function usePaletteRows(term: Ref<string>) {
  const { t } = useI18n()
  const router = useRouter()
  const word = computed(() => term.value.trim().normalize('NFKC').toLowerCase())

  const actions = computed(() =>
    commands.value
      .filter((command) => !command.hidden && command.label().toLowerCase().includes(word.value))
      .map<PaletteRow>((command) => ({
        key: command.id,
        group: t(`shell.group.${command.group}`),
        label: command.label(),
        run: () => command.run(),
        ...(command.icon ? { icon: command.icon } : {}),
        ...(command.keys?.[0] ? { keys: command.keys[0] } : {}),
      }))
      .sort((a, b) => a.group.localeCompare(b.group)),
  )

  const found = sources.map((source) => ({
    source,
    query: useQuery({
      queryKey: computed(() => ['palette', source.path, word.value] as const),
      queryFn: ({ signal }) =>
        rest.get<ListPage<{ id: number }>>(
          source.path,
          { q: term.value.trim(), per_page: 6, count: 'none' },
          signal,
        ),
      enabled: computed(() => word.value !== ''),
      placeholderData: keepPreviousData,
      staleTime: 10_000,
      gcTime: 60_000,
      retry: false,
      shallow: true,
    }),
  }))
  const records = computed(() =>
    word.value === ''
      ? []
      : found.flatMap(({ source, query }) =>
          (query.data.value?.data ?? []).map<PaletteRow>((record) => {
            const { label, hint, to } = source.row(record as never)
            return {
              key: `${source.path.slice(1)}-${record.id}`,
              group: t(source.group),
              label,
              hint,
              icon: source.icon,
              run: () => void router.push(to),
            }
          }),
        ),
  )

  return {
    rows: computed(() => (word.value === '' ? actions.value : [...actions.value, ...records.value])),
    isSearching: computed(() => found.some(({ query }) => query.isFetching.value)),
  }
}
