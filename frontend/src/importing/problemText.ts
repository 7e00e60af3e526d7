import type { Job } from '@/api/types'

/** Why a job failed, in the server's words; null where it has none. */
export function problemText(job: Pick<Job, 'problem'> | undefined): string | null {
  const problem = job?.problem as
    { detail?: string; title?: string; errors?: { detail: string }[] } | null | undefined
  if (!problem) return null
  return problem.errors?.[0]?.detail ?? problem.detail ?? problem.title ?? null
}
