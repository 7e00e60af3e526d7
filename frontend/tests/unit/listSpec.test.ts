import { describe, expect, it } from 'vitest'
import type { Customer } from '@/api/types'
import { customerList } from '@/customer/customerList'
import { dealList } from '@/deal/dealList'
import { withHeirs } from '@/records/heirs'
import { comparator, deciding, fitsChoice, oneOf, type ListSpec } from '@/records/listSpec'

const spec: ListSpec<'customers'> = {
  resource: 'customers',
  defaultSort: 'name',
  sorts: {
    name: (c) => c.name,
    credit_rating: (c) => c.credit_rating,
    annual_revenue: (c) => c.annual_revenue,
  },
  filters: {
    status: (c, values) => oneOf(c.status, values),
    owner_id: (c, values) => oneOf(c.owner_id, values),
  },
  searched: (c) => [c.name, c.phone],
}
const customer = (id: number, some: Partial<Customer>): Customer =>
  ({
    id,
    name: '',
    status: 'lead',
    owner_id: 1,
    credit_rating: null,
    annual_revenue: null,
    is_active: true,
    ...some,
  }) as Customer

const order = (sort: string, rows: Customer[]): number[] =>
  rows.sort(comparator(spec, sort)).map((row) => row.id)

describe('the order of a list', () => {
  it('puts nulls last both ways and breaks ties by id', () => {
    const rows = [
      customer(1, {}),
      customer(2, { credit_rating: 5 }),
      customer(3, { credit_rating: 9 }),
      customer(4, { credit_rating: 5 }),
    ]
    expect(order('credit_rating', [...rows])).toEqual([2, 4, 3, 1])
    expect(order('-credit_rating', [...rows])).toEqual([3, 4, 2, 1])
  })

  it('compares decimal strings as numbers', () => {
    expect(
      order('annual_revenue', [
        customer(1, { annual_revenue: '900.00' }),
        customer(2, { annual_revenue: '1000.00' }),
      ]),
    ).toEqual([1, 2])
  })

  it('has Chinese stand among Latin by its reading', () => {
    const rows = ['Zeta', '王伟', 'Lima', '阿里', '北京'].map((name, index) => customer(index, { name }))
    expect(rows.sort(comparator(spec, 'name')).map((row) => row.name)).toEqual([
      '阿里',
      '北京',
      'Lima',
      '王伟',
      'Zeta',
    ])
  })
})

describe('a pushed record', () => {
  const fits = (
    choice: { q?: string; filters?: Record<string, string[]> },
    record: Customer,
    present = false,
  ): boolean => fitsChoice(spec, { q: '', sort: 'name', filters: {}, ...choice })(record, present)

  it('passes the filters of the list, where none is null', () => {
    expect(fits({ filters: { status: ['lead', 'active'] } }, customer(1, { status: 'active' }))).toBe(true)
    expect(fits({ filters: { status: ['lead'] } }, customer(1, { status: 'active' }))).toBe(false)
    expect(fits({ filters: { owner_id: ['none'] } }, customer(1, { owner_id: null }))).toBe(true)
  })

  it('is searched in its texts and the digits of its phone; a row that is there stays', () => {
    const record = customer(1, { name: 'ＡＣＭＥ 机械', phone: '138-1234-5678' })
    expect(fits({ q: 'acme 机械' }, record)).toBe(true)
    expect(fits({ q: '12345678' }, record)).toBe(true)
    expect(fits({ q: 'jixie' }, record)).toBe(false)
    expect(fits({ q: 'jixie' }, record, true)).toBe(true)
  })

  it('that was deleted fits nowhere', () => {
    expect(fits({}, customer(1, { is_active: false }), true)).toBe(false)
  })
})

describe('deleted records', () => {
  it('stand in lists of deleted ones only', () => {
    const choice = { q: '', sort: 'name', filters: {} }
    const gone = customer(1, { is_active: false })
    expect(fitsChoice(spec, choice)(gone, true)).toBe(false)
    expect(fitsChoice(spec, { ...choice, filters: { deleted: ['only'] } })(gone, false)).toBe(true)
    expect(fitsChoice(spec, { ...choice, filters: { deleted: ['only'] } })(customer(2, {}), true)).toBe(false)
  })
})

describe('what decides about a list', () => {
  const changes = (choice: object, ...fields: string[]): boolean =>
    deciding(spec, { q: '', sort: 'name', filters: {}, ...choice })(fields)

  it('is sight, what the filters read, and where words are searched', () => {
    expect(changes({}, 'status', 'phone')).toBe(false)
    expect(changes({}, 'phone', 'owner_id')).toBe(true)
    expect(changes({ filters: { status: ['lead'] } }, 'status')).toBe(true)
    expect(changes({ filters: { status: [] } }, 'status')).toBe(false)
    expect(changes({ q: 'x' }, 'phone')).toBe(true)
    expect(changes({ q: 'x' }, 'status')).toBe(false)
  })

  it.each([
    [customerList, 'tag', 'tags'],
    [customerList, 'owner_id', 'owner_id'],
    [dealList, 'amount_min', 'amount'],
    [dealList, 'expected_close_to', 'expected_close_on'],
    [dealList, 'closed_from', 'closed_on'],
  ] as const)('is asked of the filters themselves', (list, filter, field) => {
    const decides = deciding(list as ListSpec<'deals'>, { q: '', sort: '', filters: { [filter]: ['1'] } })
    expect(decides([field])).toBe(true)
    expect(decides(['description'])).toBe(false)
  })
})

describe('values that were merged', () => {
  const merged = { list: 'level', value: 'A', merged_into: 'B' }
  const other = { list: 'source', value: 'C', merged_into: 'D' }
  const asked = (filters: Record<string, string[]>) =>
    withHeirs(
      {
        getQueriesData: () =>
          [
            [
              ['reference', 'options'],
              [merged, other],
            ],
          ] as never,
      },
      { q: '', sort: 'name', filters },
    ).filters

  it('are what they became, in their own list alone', () => {
    expect(asked({ level: ['A', 'C'] })).toEqual({ level: ['A', 'C', 'B'] })
    expect(asked({ level: ['B'], status: ['A'] })).toEqual({ level: ['B'], status: ['A'] })
  })
})
