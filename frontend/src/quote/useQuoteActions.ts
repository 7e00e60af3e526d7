import { ref, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { Problem } from '@/api/problem'
import { rest } from '@/api/rest'
import type { Quote } from '@/api/types'
import { explain } from '@/i18n/problem'
import { useLive } from '@/records/context'
import { useRemoval } from '@/records/useRemoval'
import { fieldOf } from '@/ui/useForm'
import { downloadPdf } from './download'
import { numberOf } from './quoteList'

export type Verb = 'send' | 'accept' | 'refuse' | 'revise'

/** What happens to a quote as a whole. A refusal is told in full: what an offer lacks may be several things. */
export function useQuoteActions(quote: Ref<Quote | undefined>) {
  const { t, te } = useI18n()
  const router = useRouter()
  const { cache } = useLive()
  const removal = useRemoval('quotes')
  const busy = ref<Verb | 'remove' | 'pdf' | null>(null)
  const faults = ref<string[]>([])

  function tell(fault: unknown): void {
    const named = fault instanceof Problem ? fault.errors : []
    faults.value = named.length
      ? named.map(({ pointer, detail }) => {
          const key = `quote.field.${fieldOf(pointer ?? '').split('/')[0]}`
          return te(key) ? `${t(key)}: ${detail}` : detail
        })
      : [explain(fault) ?? '']
  }
  async function run(
    name: NonNullable<typeof busy.value>,
    work: (of: Quote) => Promise<void>,
  ): Promise<void> {
    if (!quote.value || busy.value) return
    busy.value = name
    faults.value = []
    try {
      await work(quote.value)
    } catch (fault) {
      tell(fault)
    } finally {
      busy.value = null
    }
  }

  const act = (verb: Verb): Promise<void> =>
    run(verb, async ({ id, version }) => {
      const done = await rest.post<Quote>(`/quotes/${id}/${verb}`, undefined, { version })
      cache.put('quotes', done)
      if (done.id !== id) await router.push({ name: 'quote', params: { id: done.id } })
    })

  const print = (language: 'zh-CN' | 'en'): Promise<void> =>
    run('pdf', ({ id, number, revision }) => downloadPdf(id, `${number}-${revision}`, language))

  const remove = (): Promise<void> =>
    run('remove', (of) =>
      removal.remove(of, t('quote.removed', { number: numberOf(of) }), {
        leave: () => router.push({ name: 'deal', params: { id: of.deal_id }, query: { tab: 'quotes' } }),
        back: () => router.push({ name: 'quote', params: { id: of.id } }),
      }),
    )

  return { busy, faults, act, print, remove }
}
