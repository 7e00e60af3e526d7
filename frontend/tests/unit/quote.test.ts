import { describe, expect, it } from 'vitest'
import { numberLike, withEntity } from '@/admin/company'
import type { Company } from '@/api/types'
import { decimal, decimalText } from '@/deal/decimal'
import { quoteAmounts, type Lowered } from '@/quote/amounts'
import { numberOf, statusOf } from '@/quote/quoteList'

const plain: Lowered = { discount_percent: null, discount_amount: null, prices_include_tax: false }
function amounts(
  lines: [amount: string, tax: string | null][],
  quote: Partial<Lowered>,
  places = 2,
): string[] {
  const found = quoteAmounts(
    lines.map(([amount, tax]) => ({ amount: decimal(amount), tax })),
    { ...plain, ...quote },
    places,
  )
  return [found.subtotal, found.discount, found.net, found.tax, found.total].map(decimalText)
}

describe('The amounts of a quote', () => {
  // The same figures stand in the tests of the server.
  it('are rounded for each line, then added', () => {
    const lines: [string, string][] = [
      ['34200', '13'],
      ['999.99', '6'],
    ]
    expect(amounts(lines, {})).toEqual(['35199.99', '0.00', '35199.99', '4506.00', '39705.99'])
    expect(amounts(lines, { discount_percent: '3' })).toEqual([
      '35199.99',
      '1056.00',
      '34143.99',
      '4370.82',
      '38514.81',
    ])
    expect(
      amounts(
        [
          ['0.1', '5'],
          ['0.1', '5'],
          ['0.1', '5'],
        ],
        {},
      )[3],
    ).toBe('0.03')
  })
  it('hold the tax where prices do', () => {
    const lines: [string, string][] = [
      ['2000', '6'],
      ['500.5', '6'],
    ]
    expect(amounts(lines, { discount_percent: '10', prices_include_tax: true })).toEqual([
      '2500.50',
      '250.05',
      '2123.06',
      '127.39',
      '2250.45',
    ])
  })
  it('spread an amount off to the last coin', () => {
    const lines = Array.from({ length: 3 }, (): [string, null] => ['33.33', null])
    expect(amounts(lines, { discount_amount: '10' })).toEqual(['99.99', '10.00', '89.99', '0.00', '89.99'])
    expect(amounts([], { discount_amount: '10' })).toEqual(['0.00', '0.00', '0.00', '0.00', '0.00'])
  })
})

describe('A quote', () => {
  const quote = { status: 'sent' as const, expires_at: '2026-11-27T16:00:00Z' }
  it('expires by itself once it was sent', () => {
    const end = Date.parse(quote.expires_at)
    expect(statusOf(quote, end - 1)).toBe('sent')
    expect(statusOf(quote, end)).toBe('expired')
    expect(statusOf({ ...quote, status: 'accepted' }, end)).toBe('accepted')
    expect(statusOf({ ...quote, status: 'draft' }, end)).toBe('draft')
  })
  it('is called by its number and later revisions', () => {
    expect(numberOf({ number: 'QT-1', revision: 1 })).toBe('QT-1')
    expect(numberOf({ number: 'QT-1', revision: 2 })).toBe('QT-1 · R2')
  })
})

describe('The company', () => {
  it('shows what a pattern gives', () => {
    const day = new Date(2026, 2, 5)
    expect(numberLike('QT-{YYYY}{MM}-{seq}', day)).toBe('QT-202603-0001')
    expect(numberLike('报价{YY}/{MM}/{DD}-{seq}', day)).toBe('报价26/03/05-0001')
    for (const pattern of ['', 'QT', '{seq}{seq}', '{seq} x', '{year}{seq}', '{seq'])
      expect(numberLike(pattern, day)).toBeNull()
  })
  it('sends all entities, and images only where they change', () => {
    const [first, second] = [
      { id: 1, name_zh: '甲', logo: 'a', is_default: true },
      { id: 2, name_zh: '乙', logo: null, is_default: false },
    ]
    const company = { entities: [first, second] } as unknown as Company
    expect(withEntity(company, 2, { name_zh: '丙', is_default: true })).toEqual([
      { id: 1, name_zh: '甲', is_default: false },
      { id: 2, name_zh: '丙', is_default: true },
    ])
    expect(withEntity(company, null, { name_zh: '丁', is_default: false })).toEqual([
      { id: 1, name_zh: '甲', is_default: true },
      { id: 2, name_zh: '乙', is_default: false },
      { name_zh: '丁', is_default: false },
    ])
    expect(withEntity(company, 1, null)).toEqual([{ id: 2, name_zh: '乙', is_default: false }])
  })
})
