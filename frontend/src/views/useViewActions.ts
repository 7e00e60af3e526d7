import { computed, ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { Receipt } from '@/api/receipt'
import { rest } from '@/api/rest'
import type { View, ViewPreference } from '@/api/types'
import { explain } from '@/i18n/problem'
import { useLive } from '@/records/context'
import type { ListView } from '@/records/listState'
import { useSave } from '@/records/save'
import { useRemoval } from '@/records/useRemoval'
import { toast } from '@/ui/toasts'
import type { useViews } from './useViews'

/** What can be done with the views of a list; every change can be taken back. */
export function useViewActions(list: ListView, views: ReturnType<typeof useViews>) {
  const { t } = useI18n()
  const { undo } = useLive()
  const save = useSave('views')
  const removal = useRemoval('views')
  const busy = ref(false)

  function tell(fault: unknown): void {
    const words = explain(fault)
    if (words) toast(words, { tone: 'error' })
  }

  /** Shows a view that was saved. */
  async function saved(view: View, receipt: Receipt): Promise<void> {
    if (view.visibility === 'private' && !views.isOwn(view)) {
      // It is its owner's alone again: nothing but the way back is left.
      await list.open(null)
      views.dropView(view)
      undo.offer(t('view.unshared', { name: view.name, owner: view.owner?.name ?? '' }), receipt, {
        then: () => void shownAgain(view.id),
      })
      return
    }
    views.keepView(view)
    undo.offer(t('view.saved', { name: view.name }), receipt)
    await list.open(view.id)
  }

  async function shownAgain(id: number): Promise<void> {
    try {
      views.keepView(await rest.get<View>(`/views/${id}`))
      await list.open(id)
    } catch (fault) {
      tell(fault)
    }
  }

  /** Writes what is shown now into the view that is open. */
  async function keep(): Promise<void> {
    const view = list.active.value
    if (!view) return
    busy.value = true
    const receipt = new Receipt()
    try {
      const describe = (field: string, value: unknown) => ({
        label: t(`view.field.${field}`),
        value: typeof value === 'string' ? value : JSON.stringify(value),
      })
      const kept = await save(view, list.definition(), { isFirm: true, receipt, describe })
      views.keepView(kept)
      undo.offer(t('view.saved', { name: kept.name }), receipt)
      await list.reset()
    } catch (fault) {
      tell(fault)
    } finally {
      busy.value = false
    }
  }

  /** Pins a view or has its list open with it, for oneself. */
  async function prefer(
    view: View,
    wish: Partial<Pick<ViewPreference, 'is_pinned' | 'is_default' | 'rank'>>,
    words: string,
  ): Promise<void> {
    const receipt = new Receipt()
    try {
      views.keepPreference(await rest.post<ViewPreference>(`/views/${view.id}/prefer`, wish, { receipt }))
      undo.offer(words, receipt)
    } catch (fault) {
      tell(fault)
    }
  }

  return {
    busy: computed(() => busy.value),
    saved,
    keep,
    pin(view: View, isPinned: boolean): Promise<void> {
      const last = Math.max(0, ...views.pinned.value.map((one) => views.preferenceOf(one)?.rank ?? 0))
      const words = t(isPinned ? 'view.pinned' : 'view.unpinned', { name: view.name })
      return prefer(view, isPinned ? { is_pinned: true, rank: last + 1 } : { is_pinned: false }, words)
    },
    makeDefault(view: View, isDefault: boolean): Promise<void> {
      const words = t(isDefault ? 'view.madeDefault' : 'view.noDefault', { name: view.name })
      return prefer(view, { is_default: isDefault }, words)
    },
    async remove(view: View): Promise<void> {
      await removal.tryRemove(view, t('view.removed', { name: view.name }), {
        leave: () => list.open(null),
        back: () => list.open(view.id),
      })
    },
  }
}
