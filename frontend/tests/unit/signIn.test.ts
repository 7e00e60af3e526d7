import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, type EffectScope } from 'vue'
import { Problem } from '@/api/problem'
import { useSignIn } from '@/auth/useSignIn'
import { setLocale } from '@/i18n/i18n'
import { useSession } from '@/session/session'

let scope: EffectScope
beforeEach(async () => {
  setActivePinia(createPinia())
  await setLocale('en')
  vi.useFakeTimers()
  scope = effectScope()
})
afterEach(() => {
  scope.stop()
  vi.useRealTimers()
})

function open(fault: Problem | null) {
  const signIn = vi
    .spyOn(useSession(), 'signIn')
    .mockImplementation(() => (fault ? Promise.reject(fault) : Promise.resolve()))
  const done = vi.fn()
  const form = scope.run(() => useSignIn(done))
  if (!form) throw new Error('no form')
  form.values.email = ' a@b.c '
  form.values.password = ' secret '
  return { form, done, signIn }
}

describe('signing in', () => {
  it('sends the password as it was typed', async () => {
    const { form, done, signIn } = open(null)
    await form.submit()
    expect(signIn).toHaveBeenCalledWith({ email: 'a@b.c', password: ' secret ', remember: true })
    expect([done.mock.calls.length, form.values.password]).toEqual([1, ''])
  })

  it('says one sentence for every wrong pair, another when the server is away', async () => {
    const wrong = open(new Problem(401)).form
    await wrong.submit()
    const invalid = open(new Problem(422)).form
    await invalid.submit()
    const away = open(new Problem(0)).form
    await away.submit()
    expect(wrong.notice.value).toBe(invalid.notice.value)
    expect(wrong.notice.value).toContain('not right')
    expect(away.notice.value).toContain('cannot be reached')
  })

  it('counts down while it is throttled and asks nothing meanwhile', async () => {
    const { form, signIn } = open(new Problem(429, {}, 65))
    await form.submit()
    expect(form.notice.value).toContain('1:05')
    vi.advanceTimersByTime(6000)
    expect(form.notice.value).toContain('0:59')
    await form.submit()
    expect(signIn).toHaveBeenCalledTimes(1)
    vi.advanceTimersByTime(60_000)
    expect(form.notice.value).toBeNull()
    await form.submit()
    expect(signIn).toHaveBeenCalledTimes(2)
  })

  it('asks for the second factor only when it is wanted', async () => {
    const { form, signIn } = open(new Problem(401, { type: '/problems/otp-required' }))
    await form.submit()
    expect([form.needsOtp.value, form.notice.value]).toEqual([true, null])
    form.values.otp = ' 123456 '
    signIn.mockRejectedValue(new Problem(401, { type: '/problems/sign-in-failed' }))
    await form.submit()
    expect(signIn).toHaveBeenLastCalledWith(expect.objectContaining({ otp: '123456' }))
    expect(form.notice.value).toContain('code')
  })
})
