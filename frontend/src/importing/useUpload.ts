import { onScopeDispose, ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { Problem } from '@/api/problem'
import { largestFile, upload } from '@/api/transfer'
import type { Import } from '@/api/types'
import { explain } from '@/i18n/problem'
import type { ImportResource } from './resources'

/** Sends a file to be imported, in sight of how far it is. */
export function useUpload(made: (one: Import) => void) {
  const { t } = useI18n()
  const name = ref<string | null>(null)
  const share = ref(0)
  const fault = ref<string | null>(null)
  let control: AbortController | null = null

  async function send(file: File, resource: ImportResource): Promise<void> {
    stop()
    fault.value = null
    if (file.size === 0) return void (fault.value = t('import.empty', { name: file.name }))
    if (file.size > largestFile) return void (fault.value = t('import.tooLarge', { name: file.name }))
    const own = (control = new AbortController())
    name.value = file.name
    share.value = 0
    const form = new FormData()
    form.set('resource', resource)
    form.set('file', file, file.name)
    try {
      const answer = await upload<Import>({
        path: '/imports',
        form,
        signal: own.signal,
        onProgress: (done) => (share.value = done),
      })
      if (!own.signal.aborted) made(answer)
    } catch (reason) {
      if (own.signal.aborted) return
      const said = reason instanceof Problem ? reason.errors[0]?.detail : undefined
      fault.value =
        said ??
        (reason instanceof Problem && reason.status === 413
          ? t('import.tooLarge', { name: file.name })
          : explain(reason))
    } finally {
      if (control === own) {
        control = null
        name.value = null
      }
    }
  }
  function stop(): void {
    control?.abort()
    control = null
    name.value = null
  }
  onScopeDispose(stop)
  return { name, share, fault, send, stop }
}
