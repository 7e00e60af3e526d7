import { describe, expect, it } from 'vitest'
import { applyChanges, releasePending, type Change, type ListData } from '@/records/listLive'

interface Row {
  id: number
  version: number
  name: string
  open: boolean
  can_write?: boolean
}
const row = (id: number, name: string, version = 1, open = true): Row => ({
  id,
  version,
  name,
  open,
  can_write: true,
})
const data = (pages: Row[][], next: string | null = null): ListData<Row> => ({
  pages: pages.map((rows, index) => ({
    data: rows,
    meta: {
      total: pages.flat().length,
      pages: 1,
      current_page: 1,
      per_page: 100,
      next_cursor: index === pages.length - 1 ? next : `p${index}`,
    },
  })),
  pageParams: pages.map((_, index) => index),
})
const change = (record: Row | null, id = record?.id ?? 0, isOwn = false): Change<Row> => ({
  id,
  version: record?.version ?? null,
  record: record && { ...record, can_write: undefined },
  isOwn,
})
const list = (held = false) => ({
  fits: (record: Row) => record.open,
  compare: (a: Row, b: Row) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.id - b.id),
  isHeld: () => held,
})
const names = (d: ListData<Row>): string[][] => d.pages.map((page) => page.data.map((r) => r.name))
const none = new Map<number, Row>()

describe('changes in a list', () => {
  const start = data([[row(1, 'a'), row(2, 'c')], [row(3, 'e')]])

  it('enter in place and keep what is personal; other pages stay the same object', () => {
    const { data: next } = applyChanges(start, none, [change(row(2, 'cc', 2))], list())
    expect(names(next)).toEqual([['a', 'cc'], ['e']])
    expect(next.pages[0]?.data[1]?.can_write).toBe(true)
    expect(next.pages[1]).toBe(start.pages[1])
  })

  it('that are known already change nothing at all', () => {
    expect(applyChanges(start, none, [change(row(2, 'old', 1))], list()).data).toBe(start)
  })

  it('move a row to its place, over pages', () => {
    const { data: next } = applyChanges(start, none, [change(row(1, 'd', 2))], list())
    expect(names(next)).toEqual([['c'], ['d', 'e']])
    expect(next.pages[0]?.meta.total).toBe(3)
  })

  it('make a row leave that no longer fits, or that was lost', () => {
    const { data: next } = applyChanges(start, none, [change(row(1, 'a', 2, false)), change(null, 3)], list())
    expect(names(next)).toEqual([['c'], []])
    expect(next.pages.map((page) => page.meta.total)).toEqual([1, 1])
  })

  it('bring new rows to their sorted place', () => {
    const { data: next } = applyChanges(start, none, [change(row(9, 'b')), change(row(8, 'z'))], list())
    expect(names(next)).toEqual([
      ['a', 'b', 'c'],
      ['e', 'z'],
    ])
    expect(next.pages[0]?.meta.total).toBe(5)
  })

  it('behind the last loaded row are counted and left to the next page', () => {
    const more = data([[row(1, 'a')]], 'next')
    const { data: next } = applyChanges(more, none, [{ ...change(row(8, 'z')), isNew: true }], list())
    expect(names(next)).toEqual([['a']])
    expect(next.pages[0]?.meta.total).toBe(2)
  })

  describe('of a row that is not loaded', () => {
    const more = data([[row(1, 'b')]], 'next')
    const decided = { ...list(), isDecidedBy: (fields: readonly string[]) => fields.includes('open') }
    const apply = (made: Partial<Change<Row>>, to = more) => {
      const { data: next, isDoubtful } = applyChanges(
        to,
        none,
        [{ ...change(row(8, 'a', 2)), ...made }],
        decided,
      )
      return [names(next).flat().join(), next.pages[0]?.meta.total, isDoubtful]
    }

    it('do not change the total when they decide nothing, though the row comes to the top', () => {
      expect(apply({ changed: ['name'] })).toEqual(['a,b', 1, false])
    })

    it('leave the total in doubt when they may have let it in or out', () => {
      expect(apply({ changed: ['open', 'name'] })).toEqual(['a,b', 1, true])
      expect(apply({ changed: [] })).toEqual(['a,b', 1, true])
      expect(apply({ record: row(8, 'a', 2, false), changed: ['open'] })).toEqual(['b', 1, true])
      expect(apply({ record: null })).toEqual(['b', 1, true])
    })

    it('leave a total alone that only says how many there are at least', () => {
      const many = data([[row(1, 'b')]], 'next')
      for (const { meta } of many.pages) Object.assign(meta, { total: 10_000, total_is_capped: true })
      expect(apply({ isNew: true }, many)).toEqual(['a,b', 10_000, false])
      expect(apply({ record: null }, many)).toEqual(['b', 10_000, false])
    })
  })

  it('that do not fit and are not there change nothing', () => {
    expect(applyChanges(start, none, [change(row(7, 'b', 1, false))], list()).data).toBe(start)
  })
})

describe('a held list', () => {
  const start = data([[row(1, 'a'), row(2, 'c')]])

  it('counts new and moved rows, and lets them in when it is released', () => {
    const { data: held, pending } = applyChanges(
      start,
      none,
      [change(row(9, 'b')), change(row(1, 'x', 2))],
      list(true),
    )
    expect(names(held)).toEqual([['x', 'c']])
    expect([...pending.keys()]).toEqual([9, 1])
    expect(held.pages[0]?.meta.total).toBe(3)
    const released = releasePending(held, pending, list())
    expect(names(released)).toEqual([['b', 'c', 'x']])
    expect(released.pages[0]?.meta.total).toBe(3)
  })

  it('shows own rows at once', () => {
    const { data: next, pending } = applyChanges(start, none, [change(row(9, 'b'), 9, true)], list(true))
    expect(names(next)).toEqual([['a', 'b', 'c']])
    expect(pending.size).toBe(0)
  })

  it('drops a waiting row that is lost meanwhile', () => {
    const first = applyChanges(start, none, [change(row(9, 'b'))], list(true))
    const second = applyChanges(first.data, first.pending, [change(null, 9)], list(true))
    expect(second.pending.size).toBe(0)
  })
})
