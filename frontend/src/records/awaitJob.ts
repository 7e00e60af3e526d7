import { rest } from '@/api/rest'
import type { Job } from '@/api/types'
import type { LiveConnection } from '@/realtime/connection'

/** Nothing more will come of it. */
export const isOver = (job: Pick<Job, 'status'>): boolean =>
  job.status !== 'queued' && job.status !== 'running'

const pollMs = 2000

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
