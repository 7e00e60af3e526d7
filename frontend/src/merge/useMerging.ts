import { ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter, type RouteLocationRaw } from 'vue-router'
import { randomKey } from '@/api/key'
import { Problem } from '@/api/problem'
import { Receipt } from '@/api/receipt'
import { rest } from '@/api/rest'
import type { AnyRecord, Job } from '@/api/types'
import { rememberChangeset } from '@/api/versions'
import { explain } from '@/i18n/problem'
import { awaitJob } from '@/records/awaitJob'
import { useLive } from '@/records/context'
import { changeToast, dismissToast, toast } from '@/ui/toasts'
import type { Mergeable, MergeResource } from './mergeFields'
import type { Merge } from './useMerge'

/** Where one goes from here: to the list of people or of their duplicates, if they were chosen there, else to the page of the record, or to the list while there is none. */
export function wayBack(resource: MergeResource, record: Mergeable | undefined): RouteLocationRaw {
  const { back } = window.history.state as { back?: unknown }
  const isFromList =
    resource === 'people' && typeof back === 'string' && /^\/people(\/duplicates)?(\?|$)/.test(back)
  if (isFromList) return back
  return record ? pageOf(resource, record) : { name: resource }
}

/** The page that shows a record: of a person that of the customer. */
export function pageOf(resource: MergeResource, record: Mergeable): RouteLocationRaw {
  const id = resource === 'customers' ? record.id : Number(record['customer_id'])
  return { name: 'customer', params: { id } }
}

/** Sends a merge, and goes to the record that stays, with the way back. */
export function useMerging(resource: MergeResource, merge: Merge) {
  const { t } = useI18n()
  const router = useRouter()
  const { cache, connection, undo } = useLive()
  const busy = ref(false)
  let key = randomKey()
  let sent = ''

  async function run(): Promise<void> {
    const survivor = merge.survivor.value
    if (busy.value || !survivor || merge.sources.value.length === 0) return
    busy.value = true
    const gone = merge.sources.value.map(({ id }) => id)
    const count = gone.length + 1
    const receipt = new Receipt()
    try {
      const stays = await send(survivor, gone, receipt)
      for (const id of gone) cache.drop(resource, id)
      cache.put(resource, stays as unknown as AnyRecord)
      await router.replace(wayBack(resource, stays))
      undo.offer(t(`merge.done.${resource}`, { count, name: stays.name }, count), receipt)
    } catch (fault) {
      toast(explain(fault) ?? '', { tone: 'error' })
      // Somebody was faster: what is there now is shown.
      if (fault instanceof Problem && [409, 412].includes(fault.status)) void merge.loaded.refetch()
    } finally {
      busy.value = false
    }
  }

  async function send(survivor: Mergeable, gone: number[], receipt: Receipt): Promise<Mergeable> {
    const body = { target_id: survivor.id, source_ids: gone, values: merge.values.value }
    // The same intent has the same key, another one a new one.
    const intent = JSON.stringify(body)
    if (sent && sent !== intent) key = randomKey()
    sent = intent
    const options = { version: survivor.version, idempotencyKey: key, receipt }
    const answer = await rest.post<Mergeable | Job>(`/${resource}/merge`, body, options)
    if (!isJob(answer)) return answer
    const job = await follow(answer)
    if (job.changeset_id !== null) {
      rememberChangeset(job.changeset_id, false)
      receipt.changesets.push(job.changeset_id)
      receipt.resources.add(resource)
    }
    return rest.get<Mergeable>(`/${resource}/${survivor.id}`)
  }

  async function follow(job: Job): Promise<Job> {
    const progressOf = ({ done, total }: Job): { done: number; total: number | null } => ({ done, total })
    const notice = toast(t('merge.running'), { isLasting: true, progress: progressOf(job) })
    try {
      const ended = await awaitJob(connection, job, (now) =>
        changeToast(notice, { progress: progressOf(now) }),
      )
      if (ended.status === 'succeeded') return ended
      const problem = (ended.problem ?? {}) as { status?: number }
      throw new Problem(problem.status ?? 409, problem)
    } finally {
      dismissToast(notice)
    }
  }

  return { busy, run }
}

function isJob(answer: Mergeable | Job): answer is Job {
  return 'kind' in answer && answer.kind === 'merge' && 'changeset_id' in answer
}
