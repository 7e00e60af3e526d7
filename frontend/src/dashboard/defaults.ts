import type { Tile } from '@/api/types'

const tile = (
  report: Tile['report'],
  chart: number,
  query: Tile['query'],
  place: [number, number, number, number],
): Tile => ({
  report,
  chart,
  query,
  is_compared: query.period !== undefined && query.period !== 'all',
  x: place[0],
  y: place[1],
  w: place[2],
  h: place[3],
})

/** The dashboards that ship, one for what each role looks at; sight decides whose figures they hold. */
export const shipped = {
  sales: [
    tile('sales', 0, { period: 'this_month' }, [0, 0, 12, 2]),
    tile('pipeline', 1, {}, [0, 2, 6, 4]),
    tile('sales', 1, { period: 'this_year', group_by: 'month' }, [6, 2, 6, 4]),
    tile('hygiene', 0, {}, [0, 6, 12, 2]),
    tile('activity', 1, { period: 'this_month', group_by: 'day' }, [0, 8, 6, 4]),
    tile('forecast', 1, { period: 'all' }, [6, 8, 6, 4]),
  ],
  manager: [
    tile('sales', 0, { period: 'this_quarter' }, [0, 0, 12, 2]),
    tile('leaderboard', 1, { period: 'this_quarter' }, [0, 2, 6, 4]),
    tile('forecast', 1, { period: 'all' }, [6, 2, 6, 4]),
    tile('pipeline/changes', 1, { period: 'this_month' }, [0, 6, 6, 4]),
    tile('funnel', 1, { period: 'this_quarter' }, [6, 6, 6, 4]),
    tile('hygiene', 1, {}, [0, 10, 6, 4]),
    tile('losses', 1, { period: 'this_quarter' }, [6, 10, 6, 4]),
  ],
  house: [
    tile('sales', 0, { period: 'this_year' }, [0, 0, 12, 2]),
    tile('sales', 1, { period: 'this_year', group_by: 'month' }, [0, 2, 8, 4]),
    tile('sales', 1, { period: 'this_year', group_by: 'top_team' }, [8, 2, 4, 4]),
    tile('sales', 1, { period: 'this_year', group_by: 'product_series' }, [0, 6, 6, 4]),
    tile('sales', 1, { period: 'this_year', group_by: 'industry' }, [6, 6, 6, 4]),
    tile('customers', 1, { period: 'this_year', group_by: 'month' }, [0, 10, 6, 4]),
    tile('velocity', 1, { period: 'this_year', group_by: 'month' }, [6, 10, 6, 4]),
  ],
} as const satisfies Record<string, readonly Tile[]>

/** A dashboard that ships. */
export type Shipped = keyof typeof shipped

/** The one that a role begins with: `sales`, `manager`, and one for those who look at the whole house. */
export function shippedFor(role: string): Shipped {
  return role === 'sales' || role === 'manager' ? role : 'house'
}
