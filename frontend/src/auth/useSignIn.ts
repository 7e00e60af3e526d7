import { computed, onScopeDispose, reactive, ref } from 'vue'
import { Problem } from '@/api/problem'
import { explain } from '@/i18n/problem'
import { t } from '@/i18n/i18n'
import { useSession } from '@/session/session'

/** The sign-in form: what is typed, why it failed, how long to wait. */
export function useSignIn(done: () => void) {
  const session = useSession()
  const values = reactive({ email: '', password: '', otp: '', remember: true })
  const busy = ref(false)
  const needsOtp = ref(false)
  const message = ref<string | null>(null)
  const waitSeconds = ref(0)
  let clock: ReturnType<typeof setInterval> | undefined

  function waitFor(seconds: number): void {
    clearInterval(clock)
    waitSeconds.value = seconds
    clock = setInterval(() => {
      waitSeconds.value -= 1
      if (waitSeconds.value <= 0) clearInterval(clock)
    }, 1000)
  }
  onScopeDispose(() => clearInterval(clock))

  function say(fault: unknown): void {
    if (fault instanceof Problem && fault.status === 401 && fault.slug === 'otp-required') {
      message.value = null
      needsOtp.value = true
    } else if (fault instanceof Problem && fault.status === 401 && needsOtp.value && values.otp) {
      // The password was right a moment ago.
      message.value = t('auth.wrongCode')
      values.otp = ''
    } else if (fault instanceof Problem && fault.status === 429) {
      waitFor(fault.retryAfterSeconds ?? 30)
      message.value = null
    } else if (fault instanceof Problem && (fault.status === 401 || fault.status === 422)) {
      // One sentence for every wrong pair: it does not tell which half was wrong.
      message.value = t('auth.wrong')
    } else {
      message.value = explain(fault)
    }
  }

  async function submit(): Promise<void> {
    if (busy.value || waitSeconds.value > 0) return
    busy.value = true
    message.value = null
    try {
      await session.signIn({
        email: values.email.trim(),
        password: values.password,
        remember: values.remember,
        ...(needsOtp.value && values.otp ? { otp: values.otp.trim() } : {}),
      })
      values.password = values.otp = ''
      done()
    } catch (fault) {
      say(fault)
    } finally {
      busy.value = false
    }
  }

  return {
    values,
    busy,
    needsOtp,
    submit,
    waitSeconds,
    notice: computed(() => {
      if (waitSeconds.value <= 0) return message.value
      const minutes = Math.floor(waitSeconds.value / 60)
      const seconds = String(waitSeconds.value % 60).padStart(2, '0')
      return t('auth.throttled', { time: `${minutes}:${seconds}` })
    }),
  }
}
