import { rest } from '@/api/rest'
import type { Contact } from '@/api/types'
import { explain } from '@/i18n/problem'
import { t } from '@/i18n/i18n'
import type { LiveCache } from '@/records/live'
import { toast } from '@/ui/toasts'

/** Deletes a contact record and offers to bring it back; tells whether it is gone. */
export async function removeContact(cache: LiveCache, contact: Contact): Promise<boolean> {
  try {
    await rest.delete(`/contacts/${contact.id}`)
    cache.drop('contacts', contact.id)
    toast(t('contact.removed'), {
      action: { label: t('action.undo'), run: () => void restoreContact(cache, contact.id) },
    })
    return true
  } catch (fault) {
    toast(explain(fault) ?? '', { tone: 'error' })
    return false
  }
}

async function restoreContact(cache: LiveCache, id: number): Promise<void> {
  try {
    cache.put('contacts', await rest.post<Contact>(`/contacts/${id}/restore`))
  } catch (fault) {
    toast(explain(fault) ?? '', { tone: 'error' })
  }
}
