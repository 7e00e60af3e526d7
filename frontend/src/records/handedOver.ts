import type { LiveEvent } from '@/api/types'
import { i18n, t } from '@/i18n/i18n'
import { toast } from '@/ui/toasts'

interface Handed {
  by: string
  names: Map<string, string>
}

const waitMs = 800
const waiting = new Map<string, Handed>()
/** Change sets that were told: the feed may tell of them once more. */
const told = new Set<string>()

/** Tells somebody what others have just handed over, in one notice for each change of theirs. */
export function tellHandedOver(events: readonly LiveEvent[], me: number): void {
  for (const { type, resource, id, record, actor, changeset_id: changeset } of events) {
    const given = record as {
      owner_id?: number
      assignee_id?: number
      name?: string
      subject?: string
    } | null
    const key = String(changeset)
    if (!type.endsWith('_transferred') || !given || !actor || actor.id === me || told.has(key)) continue
    if ((given.owner_id ?? given.assignee_id) !== me) continue
    const handed = waiting.get(key) ?? { by: actor.name, names: new Map<string, string>() }
    handed.names.set(`${resource}:${id}`, given.name ?? given.subject ?? '')
    if (!waiting.has(key)) setTimeout(() => tell(key), waitMs)
    waiting.set(key, handed)
  }
}

function tell(key: string): void {
  const handed = waiting.get(key)
  waiting.delete(key)
  told.add(key)
  if (!handed) return
  const [name = ''] = handed.names.values()
  const count = handed.names.size
  toast(
    count === 1
      ? t('customer.transfer.toYou', { by: handed.by, name })
      : i18n.global.t('customer.transfer.manyToYou', { by: handed.by, count }, count),
  )
}
