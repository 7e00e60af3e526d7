import { onScopeDispose, ref, type Ref } from 'vue'
import { useFormat } from '@/i18n/format'

/** The reader's date and the present moment, renewed every minute: a board may stand open for days. */
export function useToday(): { today: Ref<string>; now: Ref<number> } {
  const { dayOf } = useFormat()
  const now = ref(Date.now())
  const today = ref(dayOf(new Date()))
  const timer = setInterval(() => {
    now.value = Date.now()
    today.value = dayOf(new Date())
  }, 60_000)
  onScopeDispose(() => clearInterval(timer))
  return { today, now }
}
