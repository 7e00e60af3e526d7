/** Something with a place in a list that is kept as a number. */
export interface Ranked {
  id: number
  rank: number
}

const step = 10

/** A list with one entry moved to another place. */
export function moved<T>(items: readonly T[], from: number, to: number): T[] {
  const next = [...items]
  const [item] = next.splice(from, 1)
  if (item === undefined) return next
  next.splice(Math.min(Math.max(0, to), next.length), 0, item)
  return next
}

/** Where an entry comes to stand that is dropped at the upper or lower half of another one. */
export function dropIndex(from: number, over: number, edge: 'above' | 'below'): number {
  const at = edge === 'above' ? over : over + 1
  return from < at ? at - 1 : at
}

/**
 * The ranks that have to be written so that entries stand in the order given: those of the moved ones only where there
 * is room between their neighbours, else of all of them, evenly spaced, so that there is room the next time.
 */
export function rankChanges(inOrder: readonly Ranked[]): Map<number, number> {
  const kept = longestRising(inOrder.map(({ rank }) => rank))
  const changes = new Map<number, number>()
  let last = -1
  for (const [index, item] of inOrder.entries()) {
    if (kept.has(index)) {
      last = item.rank
      continue
    }
    const next = inOrder.find((_, at) => at > index && kept.has(at))?.rank
    const stride = next === undefined ? step : Math.floor((next - last) / 2)
    if (stride === 0) return spread(inOrder)
    last += stride
    changes.set(item.id, last)
  }
  return changes
}

function spread(inOrder: readonly Ranked[]): Map<number, number> {
  const ranks = inOrder.map(({ id, rank }, index) => ({ id, rank, wanted: (index + 1) * step }))
  return new Map(ranks.filter(({ rank, wanted }) => rank !== wanted).map(({ id, wanted }) => [id, wanted]))
}

/** The indexes of a longest strictly rising run, which may leave out entries in between. */
function longestRising(values: readonly number[]): Set<number> {
  const length = values.map(() => 1)
  const former = values.map(() => -1)
  let best = -1
  values.forEach((value, index) => {
    for (let before = 0; before < index; before += 1) {
      if ((values[before] ?? 0) < value && (length[before] ?? 0) + 1 > (length[index] ?? 0)) {
        length[index] = (length[before] ?? 0) + 1
        former[index] = before
      }
    }
    if (best < 0 || (length[index] ?? 0) > (length[best] ?? 0)) best = index
  })
  const found = new Set<number>()
  for (let at = best; at >= 0; at = former[at] ?? -1) found.add(at)
  return found
}
