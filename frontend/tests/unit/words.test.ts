import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { exportables } from '@/records/exports'
import en from '@/i18n/en.json'
import zh from '@/i18n/zh-CN.json'

function flat(tree: object, start = ''): Record<string, string> {
  return Object.entries(tree).reduce<Record<string, string>>((all, [key, value]) => {
    const name = start ? `${start}.${key}` : key
    return typeof value === 'string' ? { ...all, [name]: value } : { ...all, ...flat(value as object, name) }
  }, {})
}

function sources(folder: string, without = /^$/): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return sources(path, without)
    if (without.test(entry.name)) return []
    return /\.(vue|ts)$/.test(entry.name) && !entry.name.endsWith('.d.ts') ? [readFileSync(path, 'utf8')] : []
  })
}

const words = { 'zh-CN': flat(zh), en: flat(en) }
const code = sources('src').join('\n')
const heads = Object.keys(en).join('|')
// A key stands as a whole string, or as the fixed start of a template: t(`customer.kindName.${kind}`).
const whole = new Set(
  [...code.matchAll(new RegExp(`['"\`]((?:${heads})(?:\\.[\\w-]+)+)['"\`]`, 'g'))].map((m) => m[1] ?? ''),
)
const starts = [...code.matchAll(new RegExp(`\`((?:${heads})\\.(?:[\\w-]+\\.)*)\\$\\{`, 'g'))].map(
  (m) => m[1] ?? '',
)
const used = [...code.matchAll(/\bt\(\s*'([^']+)'/g)].map((m) => m[1] ?? '')

describe('the words', () => {
  it('are the same keys in both languages', () => {
    expect(Object.keys(words.en).sort()).toEqual(Object.keys(words['zh-CN']).sort())
  })

  it('are all there', () => {
    expect(used.filter((key) => !(key in words.en))).toEqual([])
    for (const start of starts)
      expect(
        Object.keys(words.en).some((key) => key.startsWith(start)),
        start,
      ).toBe(true)
  })

  it('name every list that can be taken out as a file', () => {
    for (const list of exportables) expect(words.en[`export.what.${list}`], list).toBeTruthy()
  })

  it('are all used', () => {
    const unused = Object.keys(words.en).filter(
      (key) => !whole.has(key) && !starts.some((start) => key.startsWith(start)),
    )
    expect(unused).toEqual([])
  })

  it('of pages that are loaded later are spoken there alone', () => {
    // The daily round of selling has the first part of the words only; see `vite.config.ts`.
    const daily = ['contact', 'customer', 'deal', 'auth', 'records', 'ui', 'attachment', 'quote', 'layout']
    const early = daily
      // These wait for all words before they are shown.
      .flatMap((folder) =>
        sources(
          join('src', folder),
          /^(?:CommandPalette|usePaletteRows|JobChip|usePairFields|Duplicate(?:Card|sPage))\.|^duplicates\.ts$/,
        ),
      )
      // Titles of pages that load all words before they are shown.
      .map((text) => text.replaceAll(/title: '[\w.]+'|`admin\.(?:product|field)\.\$\{name\}`/g, ''))
      .flatMap(
        (text) =>
          text.match(
            /['"`](?:account|admin|bin|dashboard|home|import|job|pairs|report|search|target)\.[a-z][\w.]*['"`$]/g,
          ) ?? [],
      )
    expect(early).toEqual([])
  })

  it('take the same values in both languages, and none is empty', () => {
    const slots = (text: string): string[] =>
      [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1] ?? ''))].sort()
    for (const [key, text] of Object.entries(words.en)) {
      expect(slots(text), key).toEqual(slots(words['zh-CN'][key] ?? ''))
      expect(
        [text, words['zh-CN'][key]].every((value) => value?.trim()),
        key,
      ).toBe(true)
    }
  })
})
