import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { edgePairs, hueFor, hueOf, textPairs } from '@/ui/tokens'

function theme(selector: string): Record<string, string> {
  const css = readFileSync('src/ui/tokens.css', 'utf8')
  const start = css.indexOf(`${selector} {`)
  const block = css.slice(start, css.indexOf('}', start))
  return Object.fromEntries([...block.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g)].map((m) => [m[1], m[2]]))
}

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const channel = parseInt(hex.slice(at, at + 2), 16) / 255
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(a: string, b: string): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (high + 0.05) / (low + 0.05)
}

describe.each([
  ['light', ':root'],
  ['dark', '.dark'],
])('%s theme', (_name, selector) => {
  const colours = theme(selector)
  const of = (name: string): string => {
    const value = colours[name]
    if (!value) throw new Error(`no token --${name}`)
    return value
  }

  it.each(textPairs)('%s on %s can be read', (ink, ground) => {
    expect(contrast(of(ink), of(ground))).toBeGreaterThanOrEqual(4.5)
  })

  it.each(edgePairs)('%s on %s can be seen', (edge, ground) => {
    expect(contrast(of(edge), of(ground))).toBeGreaterThanOrEqual(3)
  })
})

describe('hues', () => {
  it('are stable for a text and known for a name', () => {
    expect(hueFor('张三')).toBe(hueFor('张三'))
    expect(hueOf('purple')).toBe('violet')
    expect(hueOf('#ff0000')).toBe('gray')
  })
})
