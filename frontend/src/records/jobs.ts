import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, onScopeDispose, ref, shallowReactive, watch } from 'vue'
import { rest } from '@/api/rest'
import type { Job } from '@/api/types'
import type { LiveConnection } from '@/realtime/connection'
import { useLive } from './context'

/** Nothing more will come of it. */
export const isOver = (job: Pick<Job, 'status'>): boolean =>
  job.status !== 'queued' && job.status !== 'running'

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

/**
 * Follows long work to its end: by what the socket tells, and by asking whenever it has been silent for two seconds.
 *
 * @param tell Called with the job whenever it got further.
 * @returns The job as it ended.
 */
export function awaitJob(
  connection: Pick<LiveConnection, 'on'>,
  job: Job,
  tell: (job: Job) => void = () => undefined,
): Promise<Job> {
  return new Promise((resolve) => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let isThere = false
    const leave = connection.on('job_progress', (payload) => {
      if ((payload as Job).id === job.id) take(payload as Job)
    })
    function take(now: Job): void {
      if (isThere) return
      clearTimeout(timer)
      tell(now)
      if (!isOver(now)) {
        timer = setTimeout(() => void ask(), pollMs)
        return
      }
      isThere = true
      leave()
      resolve(now)
    }
    async function ask(): Promise<void> {
      // Not reached: the work goes on all the same.
      take(await rest.get<Job>(`/jobs/${job.id}`).catch(() => job))
    }
    take(job)
  })
}

/** A job that a person has begun in this tab and that is shown wherever he or she goes. */
export interface FollowedJob {
  id: number
  userId: number
  /** What it is about, in its own words. */
  label: string
  /** Where it is told of in full. */
  path: string
}

const entry = 'lianxi.jobs'
const kept = (): FollowedJob[] => {
  try {
    return JSON.parse(sessionStorage.getItem(entry) ?? '[]') as FollowedJob[]
  } catch {
    return []
  }
}
/** The jobs that are followed in this tab; a reload keeps them. */
export const followedJobs = shallowReactive<FollowedJob[]>(kept())

function keep(): void {
  try {
    sessionStorage.setItem(entry, JSON.stringify(followedJobs))
  } catch {
    // They are then followed until the tab is loaded again.
  }
}
/** Shows a job on every page until it is put away. */
export function followJob(job: FollowedJob): void {
  unfollowJob(job.id)
  followedJobs.push(job)
  keep()
}
/** Puts a job away. */
export function unfollowJob(id: number): void {
  const at = followedJobs.findIndex((one) => one.id === id)
  if (at >= 0) followedJobs.splice(at, 1)
  keep()
}
