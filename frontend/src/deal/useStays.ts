import { useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { rest } from '@/api/rest'
import type { Deal, Stay } from '@/api/types'
import { useLive } from '@/records/context'
import type { AppliedEvent, LiveView } from '@/records/live'

type StaysKey = readonly ['stays', number]

/** Seconds that a deal has spent at each stage; the stay that lasts is counted up to now. */
export function secondsByStage(stays: readonly Stay[], deal: Deal, now: number): Map<number, number> {
  const sums = new Map<number, number>()
  for (const stay of stays) {
    if (stay.duration_seconds === null) continue
    sums.set(stay.stage_id, (sums.get(stay.stage_id) ?? 0) + stay.duration_seconds)
  }
  const running = Math.max(0, (now - Date.parse(deal.stage_entered_at)) / 1000)
  if (deal.state === 'open') sums.set(deal.stage_id, (sums.get(deal.stage_id) ?? 0) + running)
  return sums
}

/** The stages that a deal has been at, kept true as it moves. */
export function useStays(id: MaybeRefOrGetter<number>) {
  const { connection } = useLive()
  const result = useQuery({
    queryKey: computed<StaysKey>(() => ['stays', toValue(id)]),
    queryFn: async ({ queryKey, signal }): Promise<readonly Stay[]> => {
      await connection.ready()
      return (await rest.get<{ data: Stay[] }>(`/deals/${queryKey[1]}/stages`, undefined, signal)).data
    },
    meta: computed(() => {
      const own = toValue(id)
      return {
        live: {
          kind: 'view',
          resources: ['deals'],
          // What this tab did itself comes without the names of the changed fields.
          apply: (data: unknown, events: readonly AppliedEvent[]) =>
            events.some(
              ({ id: moved, changed }) =>
                moved === own && (changed.includes('stage_id') || changed.length === 0),
            )
              ? null
              : data,
        } satisfies LiveView,
      }
    }) as never,
    shallow: true,
  })
  return computed(() => (result.data.value ?? []) as readonly Stay[])
}
