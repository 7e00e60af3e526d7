/** A place in the grid: columns and rows, from 0. */
export interface Place {
  x: number
  y: number
  w: number
  h: number
}

/** How many columns the grid has; the server says the same. */
export const columns = 12
/** The smallest tile in which a chart can be read. */
export const least = { w: 2, h: 2 } as const
const mostRows = 20

/** True when two tiles would lie on each other. */
export function meets(a: Place, b: Place): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h
}

/** Keeps a place inside the grid. */
export function kept({ x, y, w, h }: Place): Place {
  const width = Math.min(columns, Math.max(least.w, Math.round(w)))
  return {
    w: width,
    h: Math.min(mostRows, Math.max(least.h, Math.round(h))),
    x: Math.min(columns - width, Math.max(0, Math.round(x))),
    y: Math.max(0, Math.round(y)),
  }
}

/**
 * Lets all tiles rise as far as nothing is above them, in the order in which they lie; the one that was moved goes
 * before those beside it. No two overlap afterwards.
 */
export function settled<T extends Place>(tiles: readonly T[], moved: number | null = null): T[] {
  const order = tiles
    .map((_, at) => at)
    .sort((a, b) => {
      const [left, right] = [tiles[a], tiles[b]]
      if (!left || !right) return 0
      return left.y - right.y || Number(b === moved) - Number(a === moved) || left.x - right.x
    })
  const placed: (T | undefined)[] = tiles.map(() => undefined)
  for (const at of order) {
    const tile = tiles[at]
    if (!tile) continue
    let y = 0
    const isFree = (row: number): boolean =>
      placed.every((other) => !other || !meets({ ...tile, y: row }, other))
    // From below upwards: a tile does not jump over one that lies above it.
    for (y = Math.max(tile.y, ...placed.map((other) => (other ? other.y + other.h : 0))); y > 0; y -= 1)
      if (!isFree(y - 1)) break
    placed[at] = { ...tile, y }
  }
  return placed.filter((tile) => tile !== undefined)
}

/** The tiles with one in another place or of another size. */
export function placed<T extends Place>(tiles: readonly T[], at: number, change: Partial<Place>): T[] {
  const tile = tiles[at]
  if (!tile) return [...tiles]
  const wanted = { ...tile, ...change }
  const next = kept(wanted)
  return settled(
    tiles.map((one, index) => (index === at ? { ...one, ...next } : one)),
    at,
  )
}

/** The tiles with a further one below them. */
export function added<T extends Place>(tiles: readonly T[], tile: T): T[] {
  const below = Math.max(0, ...tiles.map(({ y, h }) => y + h))
  return settled([...tiles, { ...tile, x: 0, y: below }])
}

/** The tiles as one reads them, row by row: the order of a narrow screen. */
export function inOrder<T extends Place>(tiles: readonly T[]): T[] {
  return [...tiles].sort((a, b) => a.y - b.y || a.x - b.x)
}
