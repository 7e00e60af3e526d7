import { computed, type ComputedRef } from 'vue'
import type { Pipeline, Stage } from '@/api/types'
import { useReferenceQuery } from '@/records/useReference'
import { useSession } from '@/session/session'

/** The pipelines of the house and their stages. */
export function usePipelines() {
  const session = useSession()
  const reference = useReferenceQuery('pipelines')
  const pipelines = reference.rows
  const stages = computed(
    () =>
      new Map(
        pipelines.value.flatMap((pipeline) => pipeline.stages.map((stage) => [stage.id, stage] as const)),
      ),
  )
  return {
    ...reference,
    pipelines,
    byId: (id: number | null | undefined): Pipeline | undefined =>
      pipelines.value.find((pipeline) => pipeline.id === id),
    stage: (id: number | null | undefined): Stage | undefined =>
      id == null ? undefined : stages.value.get(id),
    /** The pipeline that a person works in unless another is chosen: the own team's, else the common one. */
    home: computed(
      () =>
        pipelines.value.find(({ team_id }) => team_id !== null && team_id === session.user?.team_id) ??
        pipelines.value.find(({ team_id }) => team_id === null) ??
        pipelines.value[0],
    ) as ComputedRef<Pipeline | undefined>,
  }
}
