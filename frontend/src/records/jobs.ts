import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, onScopeDispose, ref, shallowReactive, watch } from 'vue'
import { rest } from '@/api/rest'
import type { Job } from '@/api/types'
import { isOver } from './awaitJob'
import { useLive } from './context'

/** Of two tellings of one job, the one that is further: an answer may be older than a push. */
export function further(held: Job | undefined, told: Job): Job {
  if (!held || held.id !== told.id) return told
  if (isOver(held) !== isOver(told)) return isOver(held) ? held : told
  return held.done > told.done ? held : told
}

/** A moment of a job's progress, in milliseconds. */
export interface Mark {
  at: number
  done: number
}
/** How much is done per second, by the last ten seconds; null until there is something to go by. */
export function pace(marks: readonly Mark[]): number | null {
  const last = marks.at(-1)
  const first = marks.find(({ at }) => last !== undefined && last.at - at <= 10_000)
  if (!last || !first || last.at - first.at < 200) return null
  return (last.done - first.done) / ((last.at - first.at) / 1000)
}

const pollMs = 2000
const livePollMs = 10_000

/** One's own job: pushed as it goes on; without the live connection it is asked for every two seconds. */
export function useJob(id: () => number | null) {
  const { connection } = useLive()
  const queries = useQueryClient()
  const isDone = ref(false)
  const result = useQuery({
    queryKey: computed(() => ['job', id()] as const),
    queryFn: async ({ queryKey, signal }) => {
      const told = await rest.get<Job>(`/jobs/${queryKey[1]}`, {}, signal)
      return further(queries.getQueryData<Job>(queryKey), told)
    },
    enabled: computed(() => id() !== null),
    refetchInterval: computed(() =>
      isDone.value ? false : connection.state.value === 'live' ? livePollMs : pollMs,
    ),
    shallow: true,
  })
  const marks = shallowReactive<Mark[]>([])
  watch(id, () => marks.splice(0))
  watch(
    result.data,
    (job) => {
      isDone.value = job !== undefined && isOver(job)
      if (job?.status !== 'running') return
      if (marks.at(-1)?.done !== job.done) marks.push({ at: performance.now(), done: job.done })
      if (marks.length > 50) marks.shift()
    },
    { immediate: true },
  )
  onScopeDispose(
    connection.on('job_progress', (payload) => {
      const told = payload as Job
      if (told.id === id()) queries.setQueryData<Job>(['job', told.id], (held) => further(held, told))
    }),
  )
  return {
    job: computed(() => (id() === null ? undefined : result.data.value)),
    error: result.error,
    /** So much per second. */
    pace: computed(() => pace(marks)),
    cancel: async (): Promise<void> => {
      const told = await rest.post<Job>(`/jobs/${id()}/cancel`)
      queries.setQueryData<Job>(['job', told.id], (held) => further(held, told))
    },
  }
}
