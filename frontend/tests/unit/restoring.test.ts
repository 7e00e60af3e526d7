import { describe, expect, it } from 'vitest'
import type { Entry } from '@/api/types'
import { planOf, settableValue, valuesAfter, type Setting } from '@/history/restoring'

const entry = (id: number, changes: Entry['changes'], action = 'updated'): Entry => ({
  id,
  at: '2026-03-02T00:00:00Z',
  actor: null,
  action,
  resource: 'customer',
  resource_id: 1,
  version: id,
  changeset_id: id,
  source: 'http',
  changes,
})
const setting = (record: object, more: Partial<Setting> = {}): Setting => ({
  record: { id: 1, ...record },
  mayAssign: false,
  tagName: (id) => ({ 1: 'VIP', 2: 'Fair' })[id],
  ...more,
})

describe('going back to a version', () => {
  const entries = [
    entry(5, { phone: { before: '3', after: '4' } }),
    entry(4, { name: { before: 'B', after: 'A' }, phone: { before: '2', after: '3' } }),
    entry(3, { name: { before: 'A', after: 'B' }, level: { before: null, after: 'A' } }),
    entry(2, { phone: { before: '1', after: '2' } }),
    entry(1, { name: { after: 'A' }, phone: { after: '1' } }, 'created'),
  ]

  it('finds what every field was after an entry, without those that are so again', () => {
    expect(valuesAfter(entries, entries[1] as Entry)).toEqual({ phone: '3' })
    expect(valuesAfter(entries, entries[2] as Entry)).toEqual({ name: 'B', phone: '2' })
    expect(valuesAfter(entries, entries[3] as Entry)).toEqual({ level: null, phone: '2' })
    expect(valuesAfter(entries, entries[4] as Entry)).toEqual({ level: null, phone: '1' })
    expect(valuesAfter(entries, entries[0] as Entry)).toEqual({})
  })

  it('sets by one PATCH what can be set, and names what cannot', () => {
    const values = { name: 'A', stage_id: 3, owner_id: 7, closed_on: null }
    expect(planOf('deal', values, setting({}))).toEqual({
      changes: { name: 'A' },
      left: ['stage_id', 'owner_id', 'closed_on'],
    })
    expect(planOf('deal', { owner_id: 7 }, setting({}, { mayAssign: true }))).toEqual({
      changes: { owner_id: 7 },
      left: [],
    })
  })

  it('lets an amount follow from the lines that come back', () => {
    const lines = [
      { id: 4, position: 0, product_id: 2, quantity: '1.00', unit_price: '5.00', amount: '5.00' },
    ]
    const values = { amount: '5.00', lines }
    expect(planOf('deal', values, setting({ amount_is_manual: false, lines: [] })).changes).toEqual({
      lines: [{ product_id: 2, quantity: '1.00', unit_price: '5.00' }],
    })
    expect(planOf('deal', values, setting({ amount_is_manual: true, lines: [{ id: 4 }] })).changes).toEqual({
      amount: '5.00',
      lines: [{ id: 4, product_id: 2, quantity: '1.00', unit_price: '5.00' }],
    })
  })
})

describe('a value of the journal', () => {
  it('is written as the contract takes it', () => {
    expect(settableValue('customer', 'tags', [{ tag_id: 2 }, { tag_id: 1 }], setting({}))).toEqual([
      'Fair',
      'VIP',
    ])
    expect(settableValue('customer', 'tags', [], setting({}))).toEqual([])
    expect(
      settableValue('customer', 'tags', [{ tag_id: 9 }], setting({})),
      'a tag that is gone',
    ).toBeUndefined()
    const address = { city: 'Ulm', street: 'A' }
    expect(settableValue('customer', 'address', { city: 'Bonn' }, setting({ address }))).toEqual({
      city: 'Bonn',
      street: null,
    })
    expect(settableValue('customer', 'address', null, setting({ address }))).toBeNull()
    const phones = [{ kind: 'mobile', raw: '1', e164: '+1', is_primary: true }]
    expect(settableValue('person', 'phones', phones, setting({}))).toEqual([
      { kind: 'mobile', raw: '1', is_primary: true },
    ])
    expect(settableValue('customer', 'phone', undefined, setting({}))).toBeNull()
    expect(settableValue('customer', 'team_id', 3, setting({}))).toBeUndefined()
  })
})
