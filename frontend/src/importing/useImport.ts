import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, ref, watch } from 'vue'
import { rest } from '@/api/rest'
import type { Import, ImportChange, Job } from '@/api/types'
import { explain } from '@/i18n/problem'
import { followJob } from '@/records/followedJobs'
import { useJob } from '@/records/jobs'
import { useSession } from '@/session/session'
import { foundBy } from './outcome'

/** An import on the way through the wizard: what the server knows of it, and what a person does to it. */
export function useImport(id: () => number | null) {
  const session = useSession()
  const queries = useQueryClient()
  const query = useQuery({
    queryKey: computed(() => ['import', id()] as const),
    queryFn: ({ queryKey, signal }) => rest.get<Import>(`/imports/${queryKey[1]}`, {}, signal),
    enabled: computed(() => id() !== null),
    shallow: true,
  })
  const chosen = computed(() => (id() === null ? undefined : query.data.value))
  const check = useJob(() => chosen.value?.check_job_id ?? null)
  const commit = useJob(() => chosen.value?.commit_job_id ?? null)
  const fault = ref<string | null>(null)
  const sending = ref(0)
  watch(id, () => (fault.value = null))

  const put = (made: Import): void => void queries.setQueryData(['import', made.id], made)
  // Changes go out one after another: each answer is the whole import, and the last one has to win.
  let queue: Promise<unknown> = Promise.resolve()
  function doing(work: () => Promise<void>): Promise<boolean> {
    sending.value += 1
    fault.value = null
    const done = queue.then(work).then(
      () => true,
      (reason: unknown) => {
        fault.value = explain(reason)
        return false
      },
    )
    queue = done.finally(() => (sending.value -= 1))
    return done
  }
  /** Changes how the file is read, or what its columns mean. */
  const change = (body: ImportChange): Promise<boolean> =>
    doing(async () => put(await rest.patch<Import>(`/imports/${id()}`, body)))

  async function begin(what: 'check' | 'commit'): Promise<void> {
    const job = await rest.post<Job>(`/imports/${id()}/${what}`)
    queries.setQueryData(['job', job.id], job)
    const { data } = await query.refetch()
    if (what === 'commit' && data && session.user)
      followJob({
        id: job.id,
        userId: session.user.id,
        label: data.name,
        path: `/import/${data.id}?step=run`,
      })
  }
  const reload = (): void => {
    if (id() !== null) void query.refetch()
    void queries.invalidateQueries({ queryKey: ['imports'] })
  }
  // What a job found is told by the import, too.
  watch([() => check.job.value?.status, () => commit.job.value?.status], (now, before) => {
    if (before.some((status, at) => status && now[at] && status !== now[at])) reload()
  })

  return {
    chosen,
    error: computed(() => (id() === null ? null : query.error.value)),
    retry: () => void query.refetch(),
    reload,
    fault,
    isSending: computed(() => sending.value > 0),
    put,
    change,
    check,
    commit,
    found: computed(() => foundBy(check.job.value)),
    /** Something was changed since the last check: what that found is no longer sure. */
    isStale: computed(() => chosen.value?.found == null),
    beginCheck: () => doing(() => begin('check')),
    beginCommit: () => doing(() => begin('commit')),
  }
}

/** An import on its way. */
export type RunningImport = ReturnType<typeof useImport>
