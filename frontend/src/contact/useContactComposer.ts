import { computed, type Ref } from 'vue'
import { randomKey } from '@/api/key'
import { Problem } from '@/api/problem'
import { Receipt } from '@/api/receipt'
import { rest } from '@/api/rest'
import type { Contact } from '@/api/types'
import { explain } from '@/i18n/problem'
import { t } from '@/i18n/i18n'
import { useLive } from '@/records/context'
import { customBody, useCustomFields, type Typed } from '@/records/useCustomFields'
import { useSession } from '@/session/session'
import { useForm } from '@/ui/useForm'

interface Draft {
  kind: Contact['kind']
  content: string
  person_id: string | null
  outcome: string | null
  next_on: string
  custom: Record<string, Typed>
  /** Kept with the draft: a text that was sent, lost on the way and sent again is logged once. */
  key: string
}

/** A date in the morning of this device's zone, as an instant. */
function morningOf(on: string): string {
  return new Date(`${on}T09:00:00`).toISOString()
}

/** `+n` days as a date of this device's zone. */
export function daysAhead(days: number): string {
  const date = new Date()
  date.setDate(date.getDate() + days)
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()]
    .map((part) => String(part).padStart(2, '0'))
    .join('-')
}

/** Logging an activity: the text survives a reload, a lost connection and an expired session. */
export function useContactComposer(
  about: { customerId: number; dealId?: number | undefined },
  root: Ref<HTMLElement | null>,
  done: (contact: Contact) => void,
) {
  const { customerId, dealId } = about
  const live = useLive()
  const session = useSession()
  const custom = useCustomFields('contacts')
  let kind: Contact['kind'] = 'note'
  let logged: Contact | null = null

  const form = useForm<Draft>({
    initial: () => ({ kind, content: '', person_id: null, outcome: null, next_on: '', custom: {}, key: '' }),
    draft: `activity.${session.user?.id ?? 0}.${customerId}${dealId ? `.${dealId}` : ''}`,
    explain,
    root,
    async submit(values) {
      values.key ||= randomKey()
      try {
        const receipt = new Receipt()
        const record = await rest.post<Contact>(
          '/contacts',
          {
            customer_id: customerId,
            ...(dealId ? { deal_id: dealId } : {}),
            kind: values.kind,
            content: values.content,
            ...(values.person_id ? { person_id: Number(values.person_id) } : {}),
            ...(values.outcome ? { outcome: values.outcome } : {}),
            ...(values.next_on ? { next_follow_up_at: morningOf(values.next_on) } : {}),
            ...customBody(custom, values.custom),
          },
          { idempotencyKey: values.key, receipt },
        )
        logged = record
        live.cache.put('contacts', record)
        live.undo.offer(t('contact.logged'), receipt)
      } catch (fault) {
        if (fault instanceof Problem && !fault.isUnavailable) values.key = ''
        throw fault
      }
    },
  })

  async function send(): Promise<void> {
    if (!form.values.content.trim() || !(await form.submit())) return
    kind = form.values.kind
    form.reset()
    if (logged) done(logged)
  }

  return { form, custom, send, canSend: computed(() => form.values.content.trim() !== '') }
}
