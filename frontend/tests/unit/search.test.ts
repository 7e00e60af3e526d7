import { describe, expect, it } from 'vitest'
import type { SearchResult } from '@/api/types'
import { pieces, resultKinds, splitMatches } from '@/search/results'
import { isSpelt } from '@/ui/spelling'

const result = (change: Partial<SearchResult>): SearchResult => ({
  type: 'customer',
  id: 7,
  title: 'Acme',
  subtitle: null,
  customer_id: 7,
  score: 1,
  matches: [],
  ...change,
})

describe('a marked text', () => {
  it('falls into what matched and what did not', () => {
    expect(pieces('张三丰科技', [[1, 3]])).toEqual([
      { text: '张', isMarked: false },
      { text: '三丰', isMarked: true },
      { text: '科技', isMarked: false },
    ])
    expect(pieces('ab', [])).toEqual([{ text: 'ab', isMarked: false }])
    expect(pieces('', [[0, 0]])).toEqual([])
  })

  it('counts characters, not units of them', () => {
    expect(pieces('𠮷a😀b', [[1, 3]])).toEqual([
      { text: '𠮷', isMarked: false },
      { text: 'a😀', isMarked: true },
      { text: 'b', isMarked: false },
    ])
  })

  it('comes in one piece whatever the ranges say', () => {
    for (const ranges of [
      [[3, 9]],
      [
        [0, 1],
        [0, 2],
      ],
      [[5, 2]],
    ])
      expect(
        pieces('abcd', ranges)
          .map(({ text }) => text)
          .join(''),
      ).toBe('abcd')
  })
})

describe('a result', () => {
  it('tells a match in its title from one elsewhere', () => {
    const title = { field: 'name', text: 'Acme', ranges: [[0, 4]] }
    const phone = { field: 'phone', text: '138', ranges: [[0, 3]] }
    expect(splitMatches(result({ matches: [title, phone] }))).toEqual({ title, other: undefined })
    expect(splitMatches(result({ matches: [phone] }))).toEqual({ title: undefined, other: phone })
  })

  it('leads to the page that shows it', () => {
    expect(resultKinds['customer']?.to(result({}))).toEqual({ name: 'customer', params: { id: 7 } })
    expect(resultKinds['person']?.to(result({ id: 3 }))).toEqual({
      name: 'customer',
      params: { id: 7 },
      query: { person: 3 },
    })
    expect(resultKinds['deal']?.to(result({ id: 3 }))).toEqual({ name: 'deal', params: { id: 3 } })
  })
})

describe('a label', () => {
  it('is found by a part of it, ignoring case and width', () => {
    expect(isSpelt('Go to Customers', 'cust')).toBe(true)
    expect(isSpelt('Ｇｏ', 'go')).toBe(true)
    expect(isSpelt('Go to Customers', 'deal')).toBe(false)
    expect(isSpelt('anything', '')).toBe(true)
  })

  it('is found by the initials of its pinyin', () => {
    for (const [label, word] of [
      ['新建客户', 'xjkh'],
      ['前往商机', 'sj'],
      ['切换到深色', 'qhdss'],
      ['前往报表', 'bb'],
      ['退出登录', 'tcdl'],
    ] as const)
      expect(isSpelt(label, word), label).toBe(true)
    expect(isSpelt('新建客户', 'zz')).toBe(false)
    expect(isSpelt('新建客户', '客')).toBe(true)
  })
})
