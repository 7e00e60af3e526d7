import { computed, ref, watch } from 'vue'
import { spanOf, type Span } from '@/report/period'
import { useSession } from '@/session/session'
import { readStored, writeStored } from '@/ui/storage'
import { useToday } from '@/deal/useToday'

/** The periods between which the home page switches. */
export const homePeriods = ['this_month', 'last_month', 'this_quarter', 'this_year'] as const
/** See {@link homePeriods}. */
export type HomePeriod = (typeof homePeriods)[number]
/** Whose records the home page is about. */
export type HomeScope = 'mine' | 'all'

interface Saved {
  period?: HomePeriod
  scope?: HomeScope
}

/** Whose records and which period the home page shows; remembered on this device. */
export function useHomeChoice() {
  const session = useSession()
  const { today } = useToday()
  const entry = `home.${session.user?.id ?? 0}`
  const saved = readStored<Saved>(entry) ?? {}
  const seesMore = session.user?.sight !== 'own'
  const period = ref<HomePeriod>(homePeriods.find((one) => one === saved.period) ?? 'this_month')
  // Who oversees everything owns little: the own records would be an empty page.
  const scope = ref<HomeScope>(
    seesMore ? (saved.scope ?? (session.user?.sight === 'everyone' ? 'all' : 'mine')) : 'mine',
  )
  watch([period, scope], () => writeStored(entry, { period: period.value, scope: scope.value }))

  /** The reader's id where only the own records are wanted; null for all that he or she sees. */
  const owner = computed(() => (scope.value === 'mine' ? String(session.user?.id) : null))
  const span = computed<Span>(() => spanOf(period.value, today.value))
  return { period, scope, seesMore, today, owner, span }
}
