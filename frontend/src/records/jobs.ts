import { rest } from '@/api/rest'
import type { Job } from '@/api/types'
import type { LiveConnection } from '@/realtime/connection'

const pollMs = 2000

/** True once a job has come to its end, whatever that was. */
export function isEnded(job: Job): boolean {
  return job.status !== 'queued' && job.status !== 'running'
}

/**
 * Follows long work to its end: by what the socket tells, and by asking whenever it has been silent for two seconds.
 *
 * @param tell Called with the job whenever it got further.
 * @returns The job as it ended.
 */
export function followJob(
  connection: Pick<LiveConnection, 'on'>,
  job: Job,
  tell: (job: Job) => void = () => undefined,
): Promise<Job> {
  return new Promise((resolve) => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let isOver = false
    const leave = connection.on('job_progress', (payload) => {
      if ((payload as Job).id === job.id) take(payload as Job)
    })
    function take(now: Job): void {
      if (isOver) return
      clearTimeout(timer)
      tell(now)
      if (!isEnded(now)) {
        timer = setTimeout(() => void ask(), pollMs)
        return
      }
      isOver = true
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
