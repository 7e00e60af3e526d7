import type { Problem } from '@/api/problem'
import { t } from '@/i18n/i18n'
import { explain } from '@/i18n/problem'

/**
 * Says why the session cannot be taken up now, before there is a page; resolves when it is time to try again: as
 * soon as the server asked for, else later from attempt to attempt, or when the person does not want to wait.
 */
export async function showUnreachable(fault: Problem, attempt: number): Promise<void> {
  const root = document.getElementById('app')
  if (!root) return
  const box = document.createElement('div')
  box.className = 'grid h-dvh place-content-center justify-items-center gap-2 px-6 text-center'
  const title = document.createElement('p')
  title.className = 'max-w-[44ch] text-base font-medium'
  title.setAttribute('role', 'alert')
  title.textContent = explain(fault)
  const text = document.createElement('p')
  text.className = 'text-sm text-ink-3 num'
  const button = document.createElement('button')
  button.className = 'mt-3 h-8 rounded-md bg-accent px-3 text-sm font-medium text-on-accent'
  button.textContent = t('action.retry')
  box.append(title, text, button)
  root.replaceChildren(box)
  const wait = Math.max(1, fault.retryAfterSeconds ?? Math.min(15, 2 * 2 ** attempt))
  const until = Date.now() + wait * 1000
  // By the clock: a tab in the background counts its seconds slowly.
  const left = (): number => Math.ceil((until - Date.now()) / 1000)
  const tell = (): void => void (text.textContent = t('page.retrying', { seconds: left() }))
  tell()
  await new Promise<void>((resolve) => {
    const finish = (): void => {
      clearInterval(clock)
      resolve()
    }
    const clock = setInterval(() => (left() > 0 ? tell() : finish()), 1000)
    button.addEventListener('click', finish)
  })
  root.replaceChildren()
}
