import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, ref, type EffectScope } from 'vue'
import { useImeText } from '@/ui/imeText'

let scope: EffectScope
beforeEach(() => {
  vi.useFakeTimers()
  scope = effectScope()
})
afterEach(() => {
  scope.stop()
  vi.useRealTimers()
})

function open() {
  const source = ref('')
  const commit = vi.fn((text: string) => (source.value = text))
  const ime = scope.run(() => useImeText(() => source.value, commit, 40))
  if (!ime) throw new Error('no scope')
  const type = (value: string): void => ime.on.input({ target: { value } } as unknown as Event)
  return { source, commit, ime, type }
}

describe('a search box', () => {
  it('does not search half-composed pinyin', () => {
    const { commit, ime, type } = open()
    ime.on.compositionstart()
    type('zhang')
    vi.advanceTimersByTime(500)
    ime.on.keydown(new KeyboardEvent('keydown', { key: 'Enter', isComposing: true }))
    expect(commit).not.toHaveBeenCalled()
    ime.on.compositionend({ target: { value: '张' } } as unknown as Event)
    vi.advanceTimersByTime(50)
    expect(commit).toHaveBeenCalledExactlyOnceWith('张')
  })

  it('waits a moment for the next key, and not at all for Enter', () => {
    const { commit, ime, type } = open()
    type('a')
    type('ab')
    expect(commit).not.toHaveBeenCalled()
    ime.on.keydown(new KeyboardEvent('keydown', { key: 'Enter' }))
    vi.advanceTimersByTime(100)
    expect(commit).toHaveBeenCalledExactlyOnceWith('ab')
  })

  it('follows the address when it changes elsewhere', async () => {
    const { source, ime } = open()
    source.value = 'back'
    await Promise.resolve()
    expect(ime.text.value).toBe('back')
  })
})
