import { ref, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { Receipt } from '@/api/receipt'
import { rest } from '@/api/rest'
import type { Customer } from '@/api/types'
import { explain } from '@/i18n/problem'
import { useLive } from '@/records/context'
import { useRemoval } from '@/records/useRemoval'
import { toast } from '@/ui/toasts'

/** What can be done with a customer as a whole: claim, release, delete with a way back. */
export function useCustomerActions(customer: Ref<Customer | undefined>) {
  const { t } = useI18n()
  const router = useRouter()
  const { cache, undo } = useLive()
  const { remove } = useRemoval('customers')
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
      const receipt = new Receipt()
      cache.put('customers', await rest.post<Customer>(`/customers/${id}/${name}`, undefined, { receipt }))
      undo.offer(t(said, { name: called }), receipt)
    })

  return {
    busy,
    claim: () => verb('claim', 'customer.claimed'),
    release: () => verb('release', 'customer.released'),
    remove: () =>
      act(async ({ id, name, version }) => {
        await remove({ id, version }, t('customer.removed', { name }), {
          leave: () => router.push({ name: 'customers' }),
          back: () => router.push({ name: 'customer', params: { id } }),
        })
      }),
  }
}
