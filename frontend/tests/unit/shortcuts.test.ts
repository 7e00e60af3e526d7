import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, type EffectScope } from 'vue'
import { commands, keycaps, listenForShortcuts, strokeOf, useCommands, type Command } from '@/ui/shortcuts'

let stop: () => void
let scope: EffectScope
let single = true
beforeEach(() => {
  single = true
  stop = listenForShortcuts(() => single)
  scope = effectScope()
})
afterEach(() => {
  stop()
  scope.stop()
  document.body.innerHTML = ''
})

const command = (id: string, keys: string[], extra: Partial<Omit<Command, 'run'>> = {}) => {
  const made = { id, keys, label: () => id, group: 'actions' as const, run: vi.fn(), ...extra }
  scope.run(() => useCommands([made]))
  return made
}
const press = (
  key: string,
  init: KeyboardEventInit = {},
  target: EventTarget = document.body,
): KeyboardEvent => {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...init })
  target.dispatchEvent(event)
  return event
}

describe('keys', () => {
  it('run their command, the later one of two', () => {
    const first = command('create', ['c'])
    const second = command('create', ['c'])
    expect(press('c').defaultPrevented).toBe(true)
    expect([first.run.mock.calls.length, second.run.mock.calls.length]).toEqual([0, 1])
    expect(commands.value.filter(({ id }) => id === 'create')).toHaveLength(1)
  })

  it('may come one after the other, in time', () => {
    vi.useFakeTimers()
    const go = command('go', ['g c'])
    const create = command('create', ['c'])
    press('g')
    press('c')
    expect([go.run.mock.calls.length, create.run.mock.calls.length]).toEqual([1, 0])
    press('g')
    vi.advanceTimersByTime(1000)
    press('c')
    expect([go.run.mock.calls.length, create.run.mock.calls.length]).toEqual([1, 1])
    vi.useRealTimers()
  })

  it('rest while somebody types, composes, or is in a dialog', () => {
    const create = command('create', ['c'])
    const palette = command('palette', ['mod+k'], { inFields: true })
    document.body.innerHTML = '<input id="i"><div role="menu"><button id="m"></button></div>'
    const input = document.getElementById('i') as HTMLElement
    press('c', {}, input)
    press('c', { isComposing: true })
    press('c', {}, document.getElementById('m') as HTMLElement)
    expect(create.run).not.toHaveBeenCalled()
    press('k', { ctrlKey: true }, input)
    expect(palette.run).toHaveBeenCalledOnce()
    document.body.innerHTML = '<div role="dialog" data-state="open"></div>'
    press('c')
    expect(create.run).not.toHaveBeenCalled()
  })

  it('without a modifier can be turned off', () => {
    single = false
    const create = command('create', ['c'])
    const next = command('next', ['alt+arrowright'])
    press('c')
    press('ArrowRight', { altKey: true })
    expect([create.run.mock.calls.length, next.run.mock.calls.length]).toEqual([0, 1])
  })

  it('are not offered when their command makes no sense now', () => {
    const hidden = command('x', ['x'], { when: () => false })
    press('x')
    expect(hidden.run).not.toHaveBeenCalled()
    expect(commands.value).toHaveLength(0)
  })

  it('are written the same way everywhere', () => {
    expect(strokeOf(new KeyboardEvent('keydown', { key: '?', shiftKey: true }))).toBe('?')
    expect(strokeOf(new KeyboardEvent('keydown', { key: 'X', shiftKey: true }))).toBe('shift+x')
    expect(strokeOf(new KeyboardEvent('keydown', { key: 'k', metaKey: true }))).toBe('mod+k')
    expect(keycaps('g c')).toEqual(['G', 'C'])
  })
})
