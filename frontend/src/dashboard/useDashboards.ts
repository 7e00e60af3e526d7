import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRoute } from 'vue-router'
import type { Dashboard, Tile } from '@/api/types'
import { useReferenceQuery } from '@/records/useReference'
import { useSession } from '@/session/session'
import { shipped, shippedFor, type Shipped } from './defaults'

/** The dashboard of the address, and those that can be chosen: the ones that ship, one's own, the shared ones. */
export function useDashboards() {
  const { t } = useI18n()
  const route = useRoute()
  const session = useSession()
  const list = useReferenceQuery('dashboards')
  const home = computed(() => shippedFor(session.user?.role ?? ''))
  const key = computed(() => [route.params['key'] ?? []].flat()[0] || home.value)
  const saved = computed<Dashboard | undefined>(() =>
    list.rows.value.find((one) => one.is_active !== false && String(one.id) === key.value),
  )
  const isShipped = computed(() => key.value in shipped)
  const nameOf = (name: Shipped): string => t(`dashboard.shipped.${name}`)
  return {
    key,
    saved,
    isShipped,
    isLoading: list.isFirstLoad,
    error: list.error,
    retry: list.retry,
    name: computed(() => saved.value?.name ?? (isShipped.value ? nameOf(key.value as Shipped) : '')),
    tiles: computed<readonly Tile[]>(
      () => saved.value?.tiles ?? (isShipped.value ? shipped[key.value as Shipped] : []),
    ),
    ships: computed(() =>
      [home.value, ...(Object.keys(shipped) as Shipped[]).filter((name) => name !== home.value)].map(
        (name) => ({ key: name as string, label: nameOf(name) }),
      ),
    ),
    own: computed(() =>
      list.rows.value.filter((one) => one.is_active !== false && one.owner_id === session.user?.id),
    ),
    others: computed(() =>
      list.rows.value.filter(
        (one) => one.is_active !== false && one.owner_id !== session.user?.id && one.visibility !== 'private',
      ),
    ),
  }
}
