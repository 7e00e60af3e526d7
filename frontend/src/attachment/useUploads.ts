import { onScopeDispose, shallowReactive } from 'vue'
import { useI18n } from 'vue-i18n'
import { Problem } from '@/api/problem'
import { Receipt } from '@/api/receipt'
import { largestFile, upload } from '@/api/transfer'
import type { Attachment } from '@/api/types'
import { explain } from '@/i18n/problem'
import { useLive } from '@/records/context'
import type { FileOwner } from './attachmentList'

/** A file on its way to the server, or one that did not get there. */
export interface Upload {
  key: number
  file: File
  /** From 0 to 1. */
  share: number
  error: string | null
  stop: () => void
}

let count = 0

/** Sends files one after another and shows how far each one is; what failed stays until it is sent again or let go. */
export function useUploads(owner: () => FileOwner) {
  const { t } = useI18n()
  const { cache, undo } = useLive()
  const uploads = shallowReactive(new Map<number, Upload>())
  let queue: Promise<unknown> = Promise.resolve()

  function change(key: number, values: Partial<Upload>): void {
    const held = uploads.get(key)
    if (held) uploads.set(key, { ...held, ...values })
  }

  async function send(key: number, file: File, to: FileOwner, signal: AbortSignal): Promise<void> {
    if (!uploads.has(key)) return
    const form = new FormData()
    for (const [name, id] of Object.entries(to)) form.set(name, String(id))
    form.set('file', file, file.name)
    try {
      const receipt = new Receipt()
      const made = await upload<Attachment>({
        path: '/attachments',
        form,
        signal,
        receipt,
        onProgress: (share) => change(key, { share }),
      })
      cache.put('attachments', made)
      undo.offer(t('file.added', { name: made.name }), receipt, { key: 'uploaded' })
      uploads.delete(key)
    } catch (fault) {
      if (signal.aborted) return
      const own = fault instanceof Problem ? fault.errors[0]?.detail : undefined
      change(key, { error: own ?? explain(fault) ?? t('file.failed') })
    }
  }

  function add(files: Iterable<File>): void {
    const to = owner()
    for (const file of files) {
      count += 1
      const key = count
      const control = new AbortController()
      const stop = (): void => {
        control.abort()
        uploads.delete(key)
      }
      const isTooLarge = file.size > largestFile
      uploads.set(key, { key, file, share: 0, error: isTooLarge ? t('file.tooLarge') : null, stop })
      if (!isTooLarge) queue = queue.then(() => send(key, file, to, control.signal))
    }
  }
  function again({ key, file, stop }: Upload): void {
    stop()
    uploads.delete(key)
    add([file])
  }
  onScopeDispose(() => uploads.forEach(({ stop }) => stop()))
  return { uploads, add, again }
}
