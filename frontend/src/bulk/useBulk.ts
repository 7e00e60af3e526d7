import { shallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRoute } from 'vue-router'
import { randomKey } from '@/api/key'
import { Problem } from '@/api/problem'
import { noteChangeset, Receipt } from '@/api/receipt'
import { rest } from '@/api/rest'
import type { Job, Resource } from '@/api/types'
import { rememberChangeset } from '@/api/versions'
import { useFormat } from '@/i18n/format'
import { t as say } from '@/i18n/i18n'
import { awaitJob } from '@/records/awaitJob'
import { useLive } from '@/records/context'
import { followJob, unfollowJob } from '@/records/followedJobs'
import type { Target } from '@/records/selection'
import { isUndoable } from '@/records/undo'
import { useSession } from '@/session/session'
import { toast } from '@/ui/toasts'
import type { BulkAction } from './declaration'

/** A record that stayed as it was, and why: a problem document. */
export interface Failed {
  id: number
  problem: Record<string, unknown>
}
/** What came of a change to many records, or what would. */
export interface BulkResult {
  matched: number
  changed: number
  failed: readonly Failed[]
}
/** What is to be done. */
export interface BulkOrder {
  action: BulkAction
  changes?: Record<string, unknown> | undefined
}

/** Why a record stayed as it was, in words. */
export function reasonOf({ problem }: Failed): string {
  // The role allows it, or nothing at all would be offered: it is this record that is another's.
  if (problem['status'] === 403) return say('bulk.readOnly')
  const [first] = (problem['errors'] ?? []) as { detail?: string }[]
  return first?.detail ?? String(problem['detail'] ?? problem['title'] ?? '')
}

/** Changing many records of a resource at once. */
export function useBulk(resource: Resource) {
  const { t } = useI18n()
  const { number } = useFormat()
  const { connection, undo } = useLive()
  const session = useSession()
  const route = useRoute()
  /** The job that does it, while there is one. */
  const job = shallowRef<Job | null>(null)

  function bodyOf(target: Target, { action, changes }: BulkOrder): object {
    const order = { action, ...(changes ? { changes } : {}) }
    if ('ids' in target) return { ...target, ...order }
    // A tree is longer in an address than it may be there.
    const query = new URLSearchParams(target.query)
    const where = query.get('where')
    query.delete('where')
    return { query: query.toString(), ...(where ? { where: JSON.parse(where) as object } : {}), ...order }
  }
  /** `1,284 customers`. */
  const what = (count: number): string => t(`bulk.what.${resource}`, { count: number(count) }, count)

  /** What would come of it. */
  function preview(target: Target, order: BulkOrder, signal?: AbortSignal): Promise<BulkResult> {
    return rest.post(
      `/${resource}/bulk`,
      { ...bodyOf(target, order), preview: true },
      { receipt: null, ...(signal ? { signal } : {}) },
    )
  }

  async function follow(begun: Job, label: string, receipt: Receipt): Promise<BulkResult> {
    const userId = session.user?.id ?? 0
    followJob({ id: begun.id, userId, label, path: route.fullPath, isEverywhere: true })
    const ended = await awaitJob(connection, begun, (now) => {
      job.value = now
      if (now.changeset_id !== null) rememberChangeset(now.changeset_id, false)
    })
    job.value = null
    unfollowJob(begun.id)
    if (ended.changeset_id !== null) noteChangeset(resource, ended.changeset_id, receipt)
    if (ended.status === 'succeeded') return ended.result as unknown as BulkResult
    if (ended.status === 'cancelled') return { matched: ended.total ?? 0, changed: ended.done, failed: [] }
    const problem = (ended.problem ?? {}) as Record<string, unknown>
    throw new Problem(Number(problem['status'] ?? 500), problem)
  }

  function tell({ action }: BulkOrder, target: Target, done: BulkResult, receipt: Receipt): void {
    const words = t(`bulk.done.${action === 'delete' || action === 'restore' ? action : 'change'}`, {
      what: what(done.changed),
    })
    const failed = new Set(done.failed.map(({ id }) => id))
    const restore = (): void => {
      if ('ids' in target)
        void run(
          { ids: target.ids.filter((id) => !failed.has(id)) },
          { action: 'restore' },
          t('bulk.title.restore', { what: what(done.changed) }),
        )
    }
    const canRestore = action === 'delete' && !isUndoable(resource) && 'ids' in target
    undo.offer(words, receipt, {
      also: canRestore ? { label: t('action.undo'), run: restore } : undefined,
    })
  }

  /**
   * Does it, at once or by a job, and offers the way back.
   *
   * @param label What the job is called while it runs.
   * @throws Problem as the server refuses the whole.
   */
  async function run(target: Target, order: BulkOrder, label: string): Promise<BulkResult> {
    const receipt = new Receipt()
    const answer = await rest.post<BulkResult | Job>(`/${resource}/bulk`, bodyOf(target, order), {
      receipt,
      idempotencyKey: randomKey(),
    })
    const done = 'status' in answer ? await follow(answer, label, receipt) : answer
    // The answer shows no record: what the pushes bring is no echo, and is asked for where there are none.
    for (const id of receipt.changesets) rememberChangeset(id, false)
    void connection.catchUp()
    if (done.changed > 0) tell(order, target, done, receipt)
    return done
  }

  /** Tells of what stayed as it was, where nobody looks at the result any more. */
  function warn({ failed, matched, changed }: BulkResult): void {
    if (failed.length === 0) return
    const why = [...new Set(failed.map(reasonOf))].slice(0, 3)
    const lost = matched - changed
    toast([t('bulk.stayed', { count: number(lost) }, lost), ...why].join('\n'), {
      tone: 'error',
      isLasting: true,
    })
  }

  return { job, what, preview, run, warn }
}
