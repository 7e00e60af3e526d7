import { ref, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { rest } from '@/api/rest'
import type { Customer } from '@/api/types'
import { explain } from '@/i18n/problem'
import { useLive } from '@/records/context'
import { toast } from '@/ui/toasts'

/** What can be done with a customer as a whole: claim, release, delete with a way back. */
export function useCustomerActions(customer: Ref<Customer | undefined>) {
  const { t } = useI18n()
  const router = useRouter()
  const { cache } = useLive()
  const busy = ref(false)

  async function act(task: (customer: Customer) => Promise<void>): Promise<void> {
    if (!customer.value || busy.value) return
    busy.value = true
    try {
      await task(customer.value)
    } catch (fault) {
      toast(explain(fault) ?? '', { tone: 'error' })
    } finally {
      busy.value = false
    }
  }

  const verb = (name: 'claim' | 'release', said: string): Promise<void> =>
    act(async ({ id, name: called }) => {
      cache.put('customers', await rest.post<Customer>(`/customers/${id}/${name}`))
      toast(t(said, { name: called }))
    })

  async function restore(id: number): Promise<void> {
    try {
      cache.put('customers', await rest.post<Customer>(`/customers/${id}/restore`))
      await router.push({ name: 'customer', params: { id } })
    } catch (fault) {
      toast(explain(fault) ?? '', { tone: 'error' })
    }
  }

  return {
    busy,
    claim: () => verb('claim', 'customer.claimed'),
    release: () => verb('release', 'customer.released'),
    remove: () =>
      act(async ({ id, name, version }) => {
        await rest.delete(`/customers/${id}`, { version })
        await router.push({ name: 'customers' })
        cache.drop('customers', id)
        toast(t('customer.removed', { name }), {
          action: { label: t('action.undo'), run: () => void restore(id) },
        })
      }),
  }
}
