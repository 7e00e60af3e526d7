import { useQueryClient } from '@tanstack/vue-query'
import { computed } from 'vue'
import type { View, ViewPreference } from '@/api/types'
import type { Listed } from '@/records/listState'
import { useReferenceQuery } from '@/records/useReference'
import { useSession } from '@/session/session'

/** The views that a person sees, and what he or she has made of them. */
export function useViews() {
  const session = useSession()
  const queries = useQueryClient()
  const views = useReferenceQuery('views')
  const preferences = useReferenceQuery('view-preferences')
  const byView = computed(() => new Map(preferences.rows.value.map((one) => [one.view_id, one])))
  const all = computed(() =>
    views.rows.value
      .filter((view) => view.is_active !== false)
      .sort((a, b) => rankOf(a) - rankOf(b) || a.name.localeCompare(b.name)),
  )

  /** Pinned ones first, in their order, then the own ones. */
  function rankOf(view: View): number {
    const preference = byView.value.get(view.id)
    if (preference?.is_pinned) return preference.rank
    return view.owner_id === session.user?.id ? 1e6 : 2e6
  }

  function keep<T extends { id: number }>(resource: string, record: T): void {
    queries.setQueriesData<readonly T[]>({ queryKey: ['reference', resource] }, (rows) =>
      rows ? [...rows.filter((row) => row.id !== record.id), record] : rows,
    )
  }

  return {
    all,
    of: (listed: Listed) => all.value.filter((view) => view.resource === listed),
    pinned: computed(() => all.value.filter((view) => byView.value.get(view.id)?.is_pinned)),
    preferenceOf: (view: View): ViewPreference | undefined => byView.value.get(view.id),
    defaultOf: (listed: Listed): View | undefined =>
      all.value.find((view) => view.resource === listed && byView.value.get(view.id)?.is_default),
    isOwn: (view: View): boolean => view.owner_id === session.user?.id,
    areSettled: computed(
      () =>
        (!views.isFirstLoad.value || views.error.value !== null) &&
        (!preferences.isFirstLoad.value || preferences.error.value !== null),
    ),
    /** Shows at once what was written. */
    keepView: (view: View) => keep('views', view),
    /** Forgets a view that the reader has lost. */
    dropView: (view: View) =>
      queries.setQueriesData<readonly View[]>({ queryKey: ['reference', 'views'] }, (rows) =>
        rows?.filter((row) => row.id !== view.id),
      ),
    keepPreference(preference: ViewPreference): void {
      keep('view-preferences', preference)
      void queries.invalidateQueries({ queryKey: ['reference', 'view-preferences'] })
    },
  }
}
