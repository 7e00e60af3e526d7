import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, nextTick, type EffectScope } from 'vue'
import { Problem } from '@/api/problem'
import { clearDrafts, readDraft } from '@/ui/drafts'
import { fieldOf, useForm } from '@/ui/useForm'

let scope: EffectScope
beforeEach(() => {
  vi.useFakeTimers()
  scope = effectScope()
})
afterEach(() => {
  scope.stop()
  vi.useRealTimers()
})

const open = (
  submit: (values: { name: string; address: { city: string } }) => Promise<void>,
  draft?: string,
) => {
  const form = scope.run(() =>
    useForm({
      initial: () => ({ name: '', address: { city: '' } }),
      submit,
      explain: () => 'no',
      ...(draft ? { draft } : {}),
    }),
  )
  if (!form) throw new Error('no form')
  return form
}
const refusal = (...errors: { pointer?: string; code: string; detail: string }[]): Problem =>
  new Problem(422, { detail: 'x', errors })

describe('a form', () => {
  it('puts the messages of the server on their fields and the rest above', async () => {
    const form = open(() =>
      Promise.reject(
        refusal(
          { pointer: '#/name', code: 'required', detail: '必填' },
          { pointer: '#/address/city', code: 'too_long', detail: '太长' },
          { pointer: '#/custom/x', code: 'odd', detail: '未知' },
        ),
      ),
    )
    expect(await form.submit()).toBe(false)
    expect([form.errorOf('name'), form.errorOf('address/city'), form.general.value]).toEqual([
      '必填',
      '太长',
      '未知',
    ])
    form.touch('name')
    expect(form.errorOf('name')).toBeUndefined()
  })

  it('says a refusal that is about no field', async () => {
    const form = open(() => Promise.reject(new Problem(0)))
    await form.submit()
    expect(form.general.value).toBe('no')
  })

  it('sends once, however often it is asked', async () => {
    const submit = vi.fn(() => new Promise<void>((resolve) => setTimeout(resolve, 50)))
    const form = open(submit)
    const first = form.submit()
    expect(await form.submit()).toBe(false)
    await vi.advanceTimersByTimeAsync(60)
    expect([await first, submit.mock.calls.length]).toEqual([true, 1])
  })

  it('keeps what was typed until it was sent', async () => {
    const form = open(() => Promise.resolve(), 'test')
    form.values.name = '写了一半'
    await nextTick()
    await vi.advanceTimersByTimeAsync(300)
    expect(readDraft('test')).toMatchObject({ name: '写了一半' })
    scope.stop()
    scope = effectScope()
    const again = open(() => Promise.resolve(), 'test')
    expect([again.values.name, again.hadDraft.value]).toEqual(['写了一半', true])
    await again.submit()
    await vi.advanceTimersByTimeAsync(300)
    expect(readDraft('test')).toBeNull()
  })

  it('keeps the last letters when the page goes before the pause', async () => {
    const form = open(() => Promise.resolve(), 'test')
    form.values.name = 'abc'
    await nextTick()
    scope.stop()
    expect(readDraft('test')).toMatchObject({ name: 'abc' })
    clearDrafts()
    expect(readDraft('test')).toBeNull()
  })

  it('keeps them too when the whole page is left or loaded anew', async () => {
    const form = open(() => Promise.resolve(), 'test')
    form.values.name = 'abc'
    await nextTick()
    window.dispatchEvent(new Event('pagehide'))
    expect(readDraft('test')).toMatchObject({ name: 'abc' })
    clearDrafts()
    await form.submit()
    window.dispatchEvent(new Event('pagehide'))
    expect(readDraft('test'), 'what was sent is no draft').toBeNull()
  })
})

describe('a pointer', () => {
  it.each([
    ['#/name', 'name'],
    ['#/address/city', 'address/city'],
    ['#/custom/a~1b', 'custom/a/b'],
    ['/lines/0/quantity', 'lines/0/quantity'],
  ])('%s names %s', (pointer, field) => expect(fieldOf(pointer)).toBe(field))
})
