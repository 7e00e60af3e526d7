import { describe, expect, it } from 'vitest'
import type { Person } from '@/api/types'
import { personList } from '@/customer/personList'
import { addressesOf, callLink, numbersOf } from '@/customer/personReach'
import { changesOf, textOf, type FurtherCustomer } from '@/customer/personForm'
import { siteOfPhoto } from '@/customer/photo'
import { changedWays, filledWays, waysOf, type Way } from '@/customer/ways'
import { comparator, deciding, fitsChoice } from '@/records/listSpec'

const number = (raw: string, more: object = {}) => ({
  kind: 'mobile',
  raw,
  e164: null,
  is_primary: false,
  ...more,
})
const person = (id: number, some: Partial<Person> = {}): Person =>
  ({
    id,
    name: '',
    customer: null,
    phones: [],
    emails: [],
    wechat: null,
    qq: null,
    is_active: true,
    is_primary: false,
    has_left: false,
    do_not_call: false,
    do_not_email: false,
    decision_role: null,
    ...some,
  }) as Person
const choice = (filters: Record<string, string[]>, q = '') => ({ q, sort: 'name', filters })

describe('the list of people', () => {
  it('takes in who was pushed when he or she passes', () => {
    const stays = person(1, { name: '王芳', phones: [number('0571 8888 0001')] })
    const left = person(2, { name: 'Tom', has_left: true })
    const fits = (filters: Record<string, string[]>, q = '') =>
      [stays, left]
        .filter((one) => fitsChoice(personList, choice(filters, q))(one, false))
        .map(({ id }) => id)
    expect(fits({ has_left: ['false'] })).toEqual([1])
    expect(fits({ has_left: ['true', 'false'] })).toEqual([1, 2])
    expect(fits({ decision_role: ['none'] })).toEqual([1, 2])
    expect(fits({}, '88880001')).toEqual([1])
    expect(fits({}, 'tom')).toEqual([2])
  })

  it('stands in the order of the customers, those without one in sight last', () => {
    const rows = [
      person(1),
      person(2, { customer: { id: 9, name: '远山' } }),
      person(3, { customer: { id: 8, name: 'Birch' } }),
    ]
    expect(rows.sort(comparator(personList, 'customer_name')).map(({ id }) => id)).toEqual([3, 2, 1])
  })

  it('knows which changes can let somebody in', () => {
    const decides = deciding(personList, choice({ has_left: ['true'] }, 'wang'))
    expect(decides(['has_left'])).toBe(true)
    expect(decides(['phones'])).toBe(true)
    expect(decides(['title'])).toBe(true)
    expect(decides(['birthday'])).toBe(false)
  })
})

describe('the ways to reach a person', () => {
  it('begin with the primary one', () => {
    const one = person(1, {
      phones: [number('010 1'), number('138 2', { e164: '+86138002', is_primary: true })],
      emails: [{ kind: 'work', address: 'a@x.example', is_primary: true }],
    })
    expect(numbersOf(one)).toEqual([
      { text: '138 2', link: 'tel:+86138002' },
      { text: '010 1', link: 'tel:010 1' },
    ])
    expect(addressesOf(one)).toEqual([{ text: 'a@x.example', link: 'mailto:a@x.example' }])
  })

  it('lead nowhere where the person asked for that, or where they are masked', () => {
    const phones = [number('138 2', { is_primary: true })]
    expect(callLink(person(1, { phones, do_not_call: true }))).toBeUndefined()
    expect(callLink(person(1, { phones: [number('138 **** 2')] }))).toBeUndefined()
    expect(callLink(person(1))).toBeUndefined()
  })
})

describe('numbers and addresses in a form', () => {
  const base = person(1, { phones: [number('1', { is_primary: true }), number('2', { kind: 'work' })] })

  it('are sent only when something was changed', () => {
    expect(changedWays(base, 'phones', waysOf(base, 'phones'))).toBeNull()
    expect(changedWays(base, 'emails', waysOf(base, 'emails'))).toBeNull()
    expect(changedWays(null, 'phones', waysOf(null, 'phones'))).toBeNull()
    const [first, second] = waysOf(base, 'phones') as [Way, Way]
    expect(changedWays(base, 'phones', [first, { ...second, text: ' 3 ' }])).toEqual([
      { kind: 'mobile', raw: '1', is_primary: true },
      { kind: 'work', raw: '3', is_primary: false },
    ])
    expect(changedWays(base, 'phones', [])).toEqual([])
  })

  it('have one that is the primary one, whatever was emptied', () => {
    const [first, second] = waysOf(base, 'phones') as [Way, Way]
    expect(filledWays([{ ...first, text: '  ' }, second])).toEqual([
      { kind: 'work', text: '2', isPrimary: true },
    ])
    expect(changedWays(null, 'emails', [{ kind: null, text: 'a@x.example', isPrimary: false }])).toEqual([
      { address: 'a@x.example', is_primary: true },
    ])
  })
})

describe('the form of a person', () => {
  const base = person(1, {
    name: 'Wu',
    salutation: 'Dr.',
    address: { city: 'Berlin', street: 'A 1' } as Person['address'],
    customers: [{ customer_id: 4, name: 'Birch', role: 'Adviser' }],
  })

  it('sends nothing that was not changed', () => {
    expect(changesOf(base, textOf(base))).toEqual({})
    expect(changesOf(null, textOf(null))).toEqual({})
  })

  it('sends the parts of an address one by one', () => {
    const address = { ...textOf(base).address, city: '', postal_code: ' 10115 ' }
    expect(changesOf(base, { ...textOf(base), address, salutation: '' })).toEqual({
      salutation: null,
      address: { city: null, postal_code: '10115' },
    })
  })

  it('sends all further customers when one came, left, or has another role', () => {
    const [kept] = textOf(base).customers
    if (!kept) throw new Error('lacking')
    const row = { key: 9, customer_id: '7', name: 'Ash', role: '', isKept: false }
    const empty = { ...row, key: 10, customer_id: null }
    const of = (customers: FurtherCustomer[]) => changesOf(base, { ...textOf(base), customers })['customers']
    expect(of([kept, empty])).toBeUndefined()
    expect(of([kept, row])).toEqual([
      { customer_id: 4, role: 'Adviser' },
      { customer_id: 7, role: null },
    ])
    expect(of([{ ...kept, role: ' ' }])).toEqual([{ customer_id: 4, role: null }])
    expect(of([])).toEqual([])
  })

  it('shows a photo elsewhere as a link alone', () => {
    expect(siteOfPhoto('https://example.com/a.png')).toBe('https://example.com/a.png')
    expect(siteOfPhoto('/api/v1/attachments/3/content')).toBeNull()
    expect(siteOfPhoto(null)).toBeNull()
  })
})
