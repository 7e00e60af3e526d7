import { computed } from 'vue'
import { useI18n } from 'vue-i18n'

/** The words that tables share. */
export function useTableLabels(table: () => string) {
  const { t } = useI18n()
  return computed(() => ({
    table: table(),
    selectAll: t('list.selectAll'),
    select: t('list.select'),
    resize: t('list.resize'),
    next: t('list.next'),
    previous: t('list.previous'),
    open: t('list.open'),
    choose: t('list.select'),
  }))
}

/** The words of the column chooser. */
export function useColumnLabels() {
  const { t } = useI18n()
  return computed(() => ({
    title: t('list.columns'),
    up: t('list.moveLeft'),
    down: t('list.moveRight'),
    reset: t('list.resetColumns'),
  }))
}
