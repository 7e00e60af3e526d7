import { t } from '@/i18n/i18n'

/** Says that the server is away, before there is a page; resolves when it is time to try again. */
export async function showUnreachable(attempt: number): Promise<void> {
  const root = document.getElementById('app')
  if (!root) return
  const box = document.createElement('div')
  box.className = 'grid h-dvh place-content-center justify-items-center gap-2 px-6 text-center'
  const title = document.createElement('p')
  title.className = 'text-base font-medium'
  title.setAttribute('role', 'alert')
  title.textContent = t('page.unreachableTitle')
  const text = document.createElement('p')
  text.className = 'text-sm text-ink-3'
  text.textContent = t('page.unreachableText')
  const button = document.createElement('button')
  button.className = 'mt-3 h-8 rounded-md bg-accent px-3 text-sm font-medium text-on-accent'
  button.textContent = t('action.retry')
  box.append(title, text, button)
  root.replaceChildren(box)
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, Math.min(15_000, 2000 * 2 ** attempt))
    button.addEventListener('click', () => {
      clearTimeout(timer)
      resolve()
    })
  })
  root.replaceChildren()
}
