import { describe, expect, it } from 'vitest'
import type { ListField } from '@/api/types'
import { countedSpan, firstValue, opsOf, spanOf } from '@/views/ops'
import {
  allOf,
  draftOf,
  encodeWhere,
  isGroup,
  leafCount,
  newGroup,
  newLeaf,
  parseWhere,
  partsOf,
  pruned,
  readWhere,
  whereOf,
  withMore,
  withPart,
} from '@/views/where'

const lead = { field: 'status', op: 'eq', value: 'lead' }
const none = { field: 'level', op: 'is_null' }
const newest = { field: 'created', op: 'within', value: 'today' }
const tree = { and: [lead, { or: [none, newest] }] }

describe('a tree of conditions', () => {
  it('is read from what the server and the address have, and from nothing else', () => {
    expect(parseWhere(JSON.stringify(tree))).toEqual(tree)
    for (const text of [
      '',
      null,
      '{',
      '[]',
      '{}',
      '{"and":[]}',
      '{"and":[1]}',
      '{"and":[],"or":[]}',
      '{"field":1}',
    ])
      expect(parseWhere(text)).toBeNull()
  })

  it('has one text, whatever order its keys came in', () => {
    const shuffled = readWhere({ value: 'lead', op: 'eq', field: 'status' })
    expect(encodeWhere(shuffled)).toBe(encodeWhere(lead))
    expect(encodeWhere(null)).toBeNull()
  })

  it('comes back from being edited as it was', () => {
    expect(whereOf(draftOf(tree))).toEqual(tree)
    expect(whereOf(draftOf(lead))).toEqual(lead)
    expect(whereOf(draftOf({ or: [lead, none] }))).toEqual({ or: [lead, none] })
    expect(whereOf(draftOf(null))).toBeNull()
  })

  it('leaves out what is not finished', () => {
    const group = newGroup('and', [
      newLeaf(),
      newLeaf('owner_id', 'in', []),
      newLeaf('name', 'contains', ''),
      newGroup('or'),
      newGroup('or', [newLeaf('level', 'is_null', 'x')]),
    ])
    expect(whereOf(group)).toEqual(none)
    expect(leafCount(group)).toBe(4)
    expect(whereOf(newGroup('and', [newLeaf('is_primary', 'eq', false)]))).toEqual({
      field: 'is_primary',
      op: 'eq',
      value: false,
    })
  })

  it('changes at any depth', () => {
    const draft = draftOf(tree)
    const inner = draft.parts.find(isGroup)
    if (!inner) throw new Error('no group')
    const more = withMore(draft, inner.key, newLeaf('source', 'is_null'))
    expect(whereOf(more)).toEqual({
      and: [lead, { or: [none, newest, { field: 'source', op: 'is_null' }] }],
    })
    const [first] = inner.parts
    if (!first) throw new Error('no part')
    expect(whereOf(withPart(draft, first.key, null))).toEqual({
      and: [lead, { field: 'created', op: 'within', value: 'today' }],
    })
    expect(whereOf(withPart(draft, first.key, { ...first, ...lead }))).toEqual({
      and: [lead, { or: [lead, { field: 'created', op: 'within', value: 'today' }] }],
    })
    // What was there stays as it was.
    expect(whereOf(draft)).toEqual(tree)
  })

  it('is taken apart into chips and put together again', () => {
    expect(partsOf(tree)).toEqual(tree.and)
    expect(partsOf({ or: [lead, none] })).toEqual([{ or: [lead, none] }])
    expect(partsOf(null)).toEqual([])
    expect(allOf([lead])).toEqual(lead)
    expect(allOf([])).toBeNull()
    expect(allOf([lead, none])).toEqual({ and: [lead, none] })
    expect(partsOf(allOf([{ or: [lead, none] }]))).toEqual([{ or: [lead, none] }])
  })

  it('says what it asks about and what is not there any more', () => {
    const known =
      (...names: string[]) =>
      (field: string) =>
        names.includes(field)
    expect(pruned(tree, known('status', 'level', 'created'))).toEqual({ tree, lacking: [] })
    expect(pruned(tree, known('status', 'created'))).toEqual({
      tree: { and: [lead, { field: 'created', op: 'within', value: 'today' }] },
      lacking: ['level'],
    })
    expect(pruned(tree, known())).toEqual({ tree: null, lacking: ['status', 'level', 'created'] })
    expect(pruned(null, known())).toEqual({ tree: null, lacking: [] })
  })
})

const field = (type: string, ops: string[]): ListField => ({
  field: 'x',
  label: 'X',
  type,
  ops,
  values: [],
  list: null,
  resource: null,
})

describe('operators', () => {
  it('are those that the server has, the usual one first', () => {
    expect(opsOf(field('text', ['eq', 'contains', 'is_null']))).toEqual(['contains', 'eq', 'is_null'])
    expect(opsOf(field('option', ['eq', 'ne', 'in', 'not_in', 'is_null', 'not_null']))).toEqual([
      'in',
      'not_in',
      'is_null',
      'not_null',
    ])
    expect(opsOf(field('date', ['eq', 'lt', 'gte', 'within']))).toEqual(['within', 'eq', 'gte'])
  })

  it('begin with a value that they can use', () => {
    const date = field('date', [])
    expect(firstValue(date, 'within', undefined)).toBe('this_month')
    expect(firstValue(date, 'within', 'last_3_days')).toBe('last_3_days')
    expect(firstValue(date, 'gte', 'last_3_days')).toBeUndefined()
    expect(firstValue(date, 'gte', '2026-01-01')).toBe('2026-01-01')
    expect(firstValue(field('option', []), 'in', 'a')).toEqual([])
    expect(firstValue(field('option', []), 'not_in', ['a'])).toEqual(['a'])
    expect(firstValue(field('flag', []), 'eq', undefined)).toBe(true)
    expect(firstValue(date, 'is_null', '2026-01-01')).toBeUndefined()
  })

  it('know spans of days by their names', () => {
    for (const kind of ['last', 'next', 'ago', 'ahead'] as const)
      expect(spanOf(countedSpan(kind, 12))).toEqual({ kind, days: 12 })
    expect(spanOf('this_month')).toEqual({ kind: 'named', days: null })
    expect(spanOf('last_month')).toEqual({ kind: 'named', days: null })
  })
})
