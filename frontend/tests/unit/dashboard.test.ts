import { describe, expect, it } from 'vitest'
import { shipped, shippedFor } from '@/dashboard/defaults'
import { added, columns, inOrder, kept, meets, placed, settled, type Place } from '@/dashboard/grid'
import { addressOfTile, comparedIn, queryBeforeTile, queryOfTile } from '@/dashboard/tile'
import type { Tile } from '@/api/types'
import { reportAt, type ReportDeclaration } from '@/report/reports'

const at = (x: number, y: number, w = 4, h = 2): Place => ({ x, y, w, h })
const fits = (tiles: readonly Place[]): boolean =>
  tiles.every(
    (one, index) =>
      one.x >= 0 &&
      one.x + one.w <= columns &&
      one.y >= 0 &&
      tiles.every((other, place) => place === index || !meets(one, other)),
  )
function report(path: string): ReportDeclaration {
  const found = reportAt(path)
  if (!found) throw new Error(`no report ${path}`)
  return found
}

describe('the grid of a dashboard', () => {
  it('lets tiles rise and never lie on each other', () => {
    expect(settled([at(0, 5), at(0, 9), at(4, 3)])).toEqual([at(0, 0), at(0, 2), at(4, 0)])
    expect(settled([at(0, 0), at(2, 0)])).toEqual([at(0, 0), at(2, 2)])
  })

  it('gives way to the tile that is moved, and back', () => {
    const tiles = [at(0, 0), at(4, 0), at(0, 2)]
    expect(placed(tiles, 2, { y: 0 })).toEqual([at(0, 2), at(4, 0), at(0, 0)])
    expect(placed(tiles, 1, { x: 0, y: 0 })).toEqual([at(0, 2), at(0, 0), at(0, 4)])
    expect(placed(tiles, 0, { w: 8 })).toEqual([at(0, 0, 8), at(4, 2), at(0, 2)])
    expect(placed(tiles, 7, { x: 3 })).toEqual(tiles)
  })

  it('keeps tiles inside and large enough to be read', () => {
    expect(kept({ x: 11, y: -3, w: 30, h: 0 })).toEqual({ x: 0, y: 0, w: 12, h: 2 })
    expect(kept({ x: 11, y: 1, w: 4, h: 50 })).toEqual({ x: 8, y: 1, w: 4, h: 20 })
  })

  it('holds after any sequence of moves', () => {
    let seed = 7
    const random = (most: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      return seed % most
    }
    let tiles: Place[] = []
    for (let step = 0; step < 300; step += 1) {
      if (tiles.length < 8) tiles = added(tiles, at(0, 0, 2 + random(10), 2 + random(5)))
      else tiles = placed(tiles, random(8), { x: random(14), y: random(20), w: random(14), h: random(8) })
      expect(fits(tiles)).toBe(true)
    }
    expect(inOrder(tiles).map(({ y }) => y)).toEqual(tiles.map(({ y }) => y).sort((a, b) => a - b))
  })
})

describe('the dashboards that ship', () => {
  it.each(Object.entries(shipped))(
    '%s stands in the grid, of reports and charts that exist',
    (_name, tiles) => {
      expect(settled(tiles)).toEqual(tiles)
      expect(fits(tiles)).toBe(true)
      for (const tile of tiles as readonly Tile[]) {
        const declared = report(tile.report)
        expect(tile.chart).toBeLessThanOrEqual(declared.charts.length)
        if (tile.chart === 0) expect(declared.heads.length).toBeGreaterThan(0)
        if (tile.query.group_by) expect(declared.groups).toContain(tile.query.group_by)
      }
    },
  )

  it('are for each role', () => {
    expect(['sales', 'manager', 'viewer', 'admin', 'other'].map(shippedFor)).toEqual([
      'sales',
      'manager',
      'house',
      'house',
      'house',
    ])
  })
})

describe('a tile', () => {
  const tile = (more: Partial<Tile>): Tile => ({
    report: 'sales',
    chart: 1,
    query: {},
    is_compared: false,
    ...at(0, 0),
    ...more,
  })
  it('means other days every month', () => {
    const query = { period: 'this_month', group_by: 'owner', owner_id: 3 } as const
    expect(queryOfTile(report('sales'), tile({ query }), '2026-11-22')).toMatchObject({
      from: '2026-11-01',
      to: '2026-11-22',
      group_by: 'owner',
      owner_id: 3,
    })
    expect(queryOfTile(report('hygiene'), tile({ report: 'hygiene' }), '2026-11-22')).not.toHaveProperty(
      'from',
    )
  })

  it('leads to the whole report', () => {
    const query = { period: 'all', group_by: 'owner', team_id: 2 } as const
    expect(addressOfTile(report('sales'), tile({ query, chart: 3 }), '2026-11-22')).toEqual({
      period: 'all',
      group_by: 'owner',
      team_id: '2',
      chart: '2',
    })
  })

  it('is compared with the period before where there is one and it is told to', () => {
    const query = { period: 'last_month', group_by: 'owner', owner_id: 3 } as const
    const compared = tile({ query, chart: 0, is_compared: true })
    expect(queryBeforeTile(report('sales'), compared, '2026-11-22')).toEqual({
      from: '2026-09-01',
      to: '2026-09-30',
      group_by: 'owner',
      owner_id: 3,
      limit: 1,
    })
    expect(queryBeforeTile(report('sales'), { ...compared, is_compared: false }, '2026-11-22')).toBeNull()
    const whole = { ...compared, query: { period: 'all' } as const }
    expect(queryBeforeTile(report('sales'), whole, '2026-11-22')).toBeNull()
  })

  it('compares what is of a period: no standing figures, nothing of reports without one', () => {
    const keys = (path: string, chart: number): string[] =>
      comparedIn(report(path), chart).map(({ key }) => key)
    expect(keys('sales', 0)).toEqual(['won_amount', 'won_count', 'win_rate', 'mean_won_cycle_days'])
    expect(keys('sales', 2)).toEqual(['won_count'])
    expect(keys('sales', 6)).toEqual([])
    expect(keys('pipeline', 1)).toEqual([])
    expect(keys('hygiene', 0)).toEqual([])
    expect(keys('pipeline/changes', 1)).toEqual([])
  })
})
