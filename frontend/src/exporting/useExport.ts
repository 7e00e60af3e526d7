import { useQueryClient } from '@tanstack/vue-query'
import { useI18n } from 'vue-i18n'
import { rest } from '@/api/rest'
import type { ExportRequest, Job } from '@/api/types'
import { useFormat } from '@/i18n/format'
import { explain } from '@/i18n/problem'
import { awaitJob } from '@/records/awaitJob'
import { useLive } from '@/records/context'
import { followJob, unfollowJob } from '@/records/followedJobs'
import { useSession } from '@/session/session'
import { toast } from '@/ui/toasts'
import { problemText } from '@/importing/problemText'

/** What the job of an export leaves. */
export interface ExportResult {
  id: number
  name: string
  row_count: number
}

/** Has the browser save an exported file; it streams to the disk, however large it is. */
export async function saveExport(id: number): Promise<void> {
  const { url } = await rest.post<{ url: string }>(`/exports/${id}/ticket`)
  const link = document.createElement('a')
  link.href = url
  link.download = ''
  link.click()
}

/** Begins exports and brings their files, wherever the person goes meanwhile. */
export function useExport() {
  const { connection } = useLive()
  const queries = useQueryClient()
  const session = useSession()
  const { t } = useI18n()
  const { number } = useFormat()

  async function see(begun: Job, label: string): Promise<void> {
    const job = await awaitJob(connection, begun)
    if (job.status !== 'failed') unfollowJob(job.id)
    void queries.invalidateQueries({ queryKey: ['exports'] })
    if (job.status === 'failed')
      toast(problemText(job) ?? t('export.job.failed', { name: label }), { tone: 'error' })
    if (job.status !== 'succeeded') return
    const { id, name, row_count: count } = job.result as ExportResult
    try {
      await saveExport(id)
      toast(t('export.saved', { name, count: number(count) }, count))
    } catch (fault) {
      toast(explain(fault) ?? '', { tone: 'error' })
    }
  }
  return {
    /** The job; its file is saved when it is there. */
    async begin(request: ExportRequest, label: string): Promise<Job> {
      const job = await rest.post<Job>('/exports', request)
      followJob({ id: job.id, userId: session.user?.id ?? 0, label, path: '/admin/exports', kind: 'export' })
      void see(job, label)
      return job
    },
  }
}
