/** What a tree needs to know of a team. */
export interface TeamNode {
  id: number
  name: string
  parent_id: number | null
}

/** A team at its depth of the tree, 0 at the top. */
export interface TeamAt<T extends TeamNode> {
  team: T
  depth: number
}

/**
 * Teams in the order of their tree, siblings by name. A team whose parent is gone stands at the top; should a circle
 * have slipped in, its members stand there too.
 */
export function teamTree<T extends TeamNode>(teams: readonly T[], locale: string): TeamAt<T>[] {
  const collator = new Intl.Collator(locale)
  const known = new Set(teams.map((team) => team.id))
  const below = new Map<number | null, T[]>()
  for (const team of [...teams].sort((a, b) => collator.compare(a.name, b.name) || a.id - b.id)) {
    const parent = team.parent_id !== null && known.has(team.parent_id) ? team.parent_id : null
    below.set(parent, [...(below.get(parent) ?? []), team])
  }
  const placed = new Map<number, TeamAt<T>>()
  const place = (team: T, depth: number): void => {
    if (placed.has(team.id)) return
    placed.set(team.id, { team, depth })
    for (const child of below.get(team.id) ?? []) place(child, depth + 1)
  }
  for (const team of below.get(null) ?? []) place(team, 0)
  for (const team of teams) place(team, 0)
  return [...placed.values()]
}

/** A team and all teams below it: none of them can become its parent. */
export function withDescendants(teams: readonly TeamNode[], id: number): ReadonlySet<number> {
  const found = new Set([id])
  for (let size = 0; size !== found.size;) {
    size = found.size
    for (const team of teams) if (team.parent_id !== null && found.has(team.parent_id)) found.add(team.id)
  }
  return found
}
