import { History } from '@lucide/vue'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { useI18n } from 'vue-i18n'
import { showHistory, type HistoryOf } from '@/records/history'
import { useSession } from '@/session/session'
import type { MenuEntry } from '@/ui/menu'
import { useCommands } from '@/ui/shortcuts'

/**
 * The way to the history of a record, for its menu; nothing for who may not read it.
 *
 * @param withKey On the page of the record `H` opens it, and the palette has it.
 */
export function useHistoryMenu(of: MaybeRefOrGetter<HistoryOf | null>, withKey = false) {
  const { t } = useI18n()
  const session = useSession()
  const shown = computed(() => (session.can('journal:read') ? toValue(of) : null))
  const open = (): void => {
    if (shown.value) showHistory(shown.value)
  }
  if (withKey) {
    useCommands([
      {
        id: 'history',
        label: () => t('history.title'),
        group: 'actions',
        icon: History,
        keys: ['h'],
        when: () => shown.value !== null,
        run: open,
      },
    ])
  }
  return computed<MenuEntry[]>(() =>
    shown.value
      ? [{ label: t('history.title'), icon: History, ...(withKey ? { keys: 'h' } : {}), run: open }]
      : [],
  )
}
