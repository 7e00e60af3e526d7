import { describe, expect, it } from 'vitest'
import { currencyStyle } from '@/i18n/format'

function shown(language: string, currency: string): string {
  const options = { ...currencyStyle(language, currency), maximumFractionDigits: 0 }
  return new Intl.NumberFormat(language, options).format(1200).replace(/\s/g, ' ')
}

describe('a currency', () => {
  it('is shown by its shortest sign where nobody takes it for another', () => {
    expect(['CNY', 'USD', 'EUR', 'GBP'].map((one) => shown('en', one))).toEqual([
      '¥1,200',
      '$1,200',
      '€1,200',
      '£1,200',
    ])
    expect(['CNY', 'USD', 'EUR'].map((one) => shown('zh-CN', one))).toEqual(['¥1,200', '$1,200', '€1,200'])
  })
  it('says which dollar, which yen it is', () => {
    expect(['HKD', 'JPY', 'AUD'].map((one) => shown('en', one))).toEqual(['HK$1,200', 'JPY 1,200', 'A$1,200'])
    expect(shown('zh-CN', 'HKD')).toBe('HK$1,200')
    expect(shown('zh-CN', 'JPY')).toBe('JP¥1,200')
  })
  it('has no sign where there is no currency', () => {
    expect(currencyStyle('en', null)).toEqual({})
  })
})
