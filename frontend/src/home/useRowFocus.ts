import type { Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useCommands } from '@/ui/shortcuts'

/** `J` and `K` go from one row of the cards to the next; Enter opens it, for rows are links. */
export function useRowFocus(root: Readonly<Ref<HTMLElement | null>>): void {
  const { t } = useI18n()

  function step(by: number): void {
    const rows = [...(root.value?.querySelectorAll<HTMLElement>('a[data-home-row]') ?? [])]
    const at = rows.indexOf(document.activeElement as HTMLElement)
    const next = at < 0 ? (by > 0 ? 0 : rows.length - 1) : at + by
    rows[Math.min(rows.length - 1, Math.max(0, next))]?.focus()
  }
  useCommands([
    {
      id: 'list.next',
      label: () => t('list.next'),
      group: 'list',
      keys: ['j'],
      hidden: true,
      run: () => step(1),
    },
    {
      id: 'list.previous',
      label: () => t('list.previous'),
      group: 'list',
      keys: ['k'],
      hidden: true,
      run: () => step(-1),
    },
  ])
}
