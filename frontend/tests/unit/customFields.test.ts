import { describe, expect, it } from 'vitest'
import type { CustomField } from '@/api/types'
import { comparator, isCustom, type ListSpec } from '@/records/listSpec'
import { customBody, customChanges, sentOf, typedOf } from '@/records/useCustomFields'

const field = (kind: CustomField['kind'], key: string = kind): CustomField =>
  ({ id: 1, key, kind, label_en: key, label_zh: key, is_retired: false }) as CustomField

describe('what is typed and what is sent', () => {
  it.each([
    ['text', '  north ', 'north'],
    ['text', '   ', null],
    ['number', '1,234.5', '1234.5'],
    ['number', '－１２', '-12'],
    ['number', '.5', '0.5'],
    ['number', 'many', 'many'],
    ['money', '１２.', '12'],
    ['date', '2026-02-28', '2026-02-28'],
    ['yes_no', 'false', false],
    ['yes_no', 'true', true],
    ['user', '7', 7],
    ['choice', 'red', 'red'],
    ['multi_choice', ['red'], ['red']],
    ['multi_choice', [], null],
    ['link', null, null],
  ] as const)('%s %j', (kind, typed, sent) => {
    expect(sentOf(field(kind), typed as string | string[] | null)).toEqual(sent)
  })

  it('shows stored values as people write them', () => {
    expect(typedOf(field('money'), '814.00')).toBe('814')
    expect(typedOf(field('money'), '814.50')).toBe('814.50')
    expect(typedOf(field('yes_no'), false)).toBe('false')
    expect(typedOf(field('number'), 12.5)).toBe('12.5')
    expect(typedOf(field('multi_choice'), undefined)).toEqual([])
    expect(typedOf(field('text'), undefined)).toBeNull()
  })
})

describe('the part of a request', () => {
  const custom = {
    fields: { value: [field('text', 'a'), field('money', 'b'), field('multi_choice', 'c')] },
  } as unknown as Parameters<typeof customBody>[0]

  it('has what was filled', () => {
    expect(customBody(custom, { a: 'x', b: '', c: [] })).toEqual({ custom: { a: 'x' } })
    expect(customBody(custom, {})).toEqual({})
  })

  it('has what was changed, and clears by name', () => {
    const record = { custom: { a: 'x', b: '814.00', c: ['red'], gone: 1 } }
    expect(customChanges(custom, record, { a: 'x', b: '814', c: ['red'] })).toEqual({})
    expect(customChanges(custom, record, { a: '', c: [] })).toEqual({ custom: { a: null, c: null } })
    expect(customChanges(custom, null, { b: '1' })).toEqual({ custom: { b: '1' } })
  })
})

describe('lists', () => {
  it('sort by a custom field, what has none last both ways', () => {
    const spec = { sorts: {} } as unknown as ListSpec<'customers'>
    const rows = [
      { id: 1, custom: null },
      { id: 2, custom: { size: 9 } },
      { id: 3, custom: { size: 10 } },
    ]
    const sorted = (sort: string): number[] =>
      [...rows]
        .sort(comparator(spec, sort) as unknown as (a: object, b: object) => number)
        .map(({ id }) => id)
    expect(sorted('custom.size')).toEqual([2, 3, 1])
    expect(sorted('-custom.size')).toEqual([3, 2, 1])
    expect([isCustom('custom.size'), isCustom('customer_id')]).toEqual([true, false])
  })
})
