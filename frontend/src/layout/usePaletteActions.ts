import {
  AtSign,
  Building2,
  CornerDownLeft,
  ExternalLink,
  Handshake,
  ListChecks,
  Phone,
  StickyNote,
} from '@lucide/vue'
import { useQuery } from '@tanstack/vue-query'
import { computed, nextTick, watch, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter, type RouteLocationRaw } from 'vue-router'
import { rest } from '@/api/rest'
import { useKindName } from '@/records/useKindName'
import { useSession } from '@/session/session'
import { commands } from '@/ui/shortcuts'
import { isSpelt } from '@/ui/spelling'
import { toast } from '@/ui/toasts'
import type { PaletteRow } from './usePaletteRows'

/** What of a record decides what can be done with it; masked numbers and addresses have stars in them. */
interface Reached {
  can_write: boolean
  phone?: string | null
  email?: string | null
}

const paths: Readonly<Record<string, string>> = { customer: 'customers', person: 'people', deal: 'deals' }
const waitMs = 10_000

/** Runs a command of a page as soon as the page offers it; a page that never does is left as it is. */
function runWhenThere(id: string): void {
  let isDone = false
  const timer = setTimeout(() => stop(), waitMs)
  const stop = watch(
    () => commands.value.find((command) => command.id === id),
    (command) => {
      if (!command || isDone) return
      isDone = true
      clearTimeout(timer)
      void nextTick(() => stop())
      command.run()
    },
    { immediate: true, flush: 'post' },
  )
}

/** What can be done with one row of the palette: its page, what is entered there, and what it is reached by. */
export function usePaletteActions(acting: Ref<PaletteRow | null>, term: Ref<string>) {
  const { t } = useI18n()
  const router = useRouter()
  const session = useSession()
  const kindName = useKindName()
  const record = computed(() => acting.value?.record ?? null)
  const path = computed(() => record.value && paths[record.value.type])
  const read = useQuery({
    queryKey: computed(() => ['palette', 'record', path.value, record.value?.id] as const),
    queryFn: ({ signal }) => rest.get<Reached>(`/${path.value}/${record.value?.id}`, undefined, signal),
    enabled: computed(() => Boolean(path.value)),
    staleTime: 30_000,
    retry: false,
  })
  const reached = computed(() => (path.value ? read.data.value : undefined))

  /** Goes to a page, and does there what a key of the page does. */
  async function go(to: RouteLocationRaw, command?: string): Promise<void> {
    await router.push(to)
    await nextTick()
    if (command) runWhenThere(command)
  }
  async function copy(text: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text)
      toast(t('palette.copied', { text }))
    } catch {
      toast(t('palette.notCopied'), { tone: 'error' })
    }
  }

  const rows = computed<PaletteRow[]>(() => {
    const row = acting.value
    const to = row?.to
    if (!row || !to) return []
    const type = record.value?.type
    const group = t('palette.actionsOf', { name: row.label })
    const found: (Omit<PaletteRow, 'key' | 'group' | 'isLocal'> | null)[] = [
      { label: t('list.open'), icon: CornerDownLeft, keys: 'enter', to },
      {
        label: t('palette.newTab'),
        icon: ExternalLink,
        run: () => void window.open(router.resolve(to).href, '_blank', 'noopener'),
      },
    ]
    const canWrite = reached.value?.can_write === true
    const customerId = record.value?.customerId
    const home = customerId ? { name: 'customer', params: { id: customerId } } : null
    // What is entered about a person stands on the page of the customer, with nobody over it.
    const at = type === 'person' && home ? home : to
    const does = (label: string, icon: PaletteRow['icon'], command: string, permission: string) =>
      canWrite && session.can(permission)
        ? { label, run: () => void go(at, command), ...(icon ? { icon } : {}) }
        : null
    if (type === 'customer' || type === 'person') {
      for (const [kind, icon] of [
        ['note', StickyNote],
        ['call', Phone],
      ] as const)
        found.push(does(t('contact.log', { kind: kindName(kind) }), icon, `log-${kind}`, 'contact:write'))
      found.push(does(t('task.new'), ListChecks, 'add-task', 'task:write'))
      found.push(does(t('deal.new'), Handshake, 'customer.deal', 'deal:write'))
    }
    if (type === 'deal') found.push(does(t('task.new'), ListChecks, 'add-task', 'task:write'))
    if (home && (type === 'deal' || type === 'person'))
      found.push({ label: t('palette.openCustomer'), icon: Building2, to: home })
    for (const [text, label, icon] of [
      [reached.value?.phone, 'palette.copyPhone', Phone],
      [reached.value?.email, 'palette.copyEmail', AtSign],
    ] as const)
      if (text && !text.includes('*'))
        found.push({ label: t(label), hint: text, icon, run: () => void copy(text) })
    const word = term.value.trim().normalize('NFKC').toLowerCase()
    return found.flatMap((one, index) =>
      one && isSpelt(one.label, word) ? [{ ...one, key: `act-${index}`, group, isLocal: true }] : [],
    )
  })
  return { rows, isReading: computed(() => Boolean(path.value) && read.isFetching.value && !reached.value) }
}
