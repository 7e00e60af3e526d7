import { rest } from '@/api/rest'
import type { Job } from '@/api/types'

/** Takes a change set back; a large one is taken back by a job, whose row is the answer then. */
export async function undoChangeset(id: number): Promise<Job | null> {
  const answer = await rest.post<Job | { changeset_id: number }>(`/changesets/${id}/undo`)
  return 'status' in answer ? answer : null
}
