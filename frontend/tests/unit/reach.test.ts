import { describe, expect, it } from 'vitest'
import { dialLink, mailLink, siteLink } from '@/customer/reach'

const ways = (some: object) => ({ phone: null, phone_e164: null, email: null, website: null, ...some })

describe('the ways to reach a customer', () => {
  it('lead there', () => {
    expect(dialLink(ways({ phone: '010 6500 7788', phone_e164: '+861065007788' }))).toBe('tel:+861065007788')
    expect(dialLink(ways({ phone: '7788 ext. 3' }))).toBe('tel:7788 ext. 3')
    expect(mailLink(ways({ email: 'a@example.com' }))).toBe('mailto:a@example.com')
    expect(siteLink(ways({ website: 'https://example.com' }))).toBe('https://example.com')
  })

  it('lead nowhere while the pool masks them, or where they are none', () => {
    expect(dialLink(ways({ phone: '+1 *** *** 0118' }))).toBeUndefined()
    expect(mailLink(ways({ email: 'a***@example.com' }))).toBeUndefined()
    expect([dialLink(ways({})), mailLink(ways({})), siteLink(ways({}))]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    for (const website of ['example.com', 'javascript:alert(1)', 'data:text/html,x'])
      expect(siteLink(ways({ website }))).toBeUndefined()
  })
})
