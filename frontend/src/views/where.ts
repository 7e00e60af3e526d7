/** The filter of a list as a tree of conditions, as `where=` takes it. */

/** How deep groups may lie in each other: conditions lie one deeper. */
export const deepestGroup = 3
/** So many conditions a tree may have. */
export const mostLeaves = 50

/** Whether all or any of the parts of a group must hold. */
export type Word = 'and' | 'or'

/** One condition. */
export interface Leaf {
  field: string
  op: string
  value?: unknown
}

/** A tree as the server has it. */
export type Where = Leaf | { and: Where[] } | { or: Where[] }

/** A condition that is being written: its field, or what it compares with, may still be missing. */
export interface DraftLeaf extends Leaf {
  key: number
}

/** A group that is being written. */
export interface DraftGroup {
  key: number
  word: Word
  parts: DraftPart[]
}
export type DraftPart = DraftLeaf | DraftGroup

let keys = 0
const nextKey = (): number => (keys += 1)

export const isGroup = (part: DraftPart): part is DraftGroup => 'parts' in part
const wordless = new Set(['is_null', 'not_null'])

/** Whether an operator compares with nothing. */
export const needsNoValue = (op: string): boolean => wordless.has(op)

/** A new condition; without a field it is still to be chosen. */
export function newLeaf(field = '', op = '', value?: unknown): DraftLeaf {
  return { key: nextKey(), field, op, ...(value === undefined ? {} : { value }) }
}

/** A new group of conditions. */
export function newGroup(word: Word, parts: DraftPart[] = []): DraftGroup {
  return { key: nextKey(), word, parts }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What was sent or typed as a tree; null for anything else. */
export function readWhere(value: unknown): Where | null {
  if (!isRecord(value)) return null
  for (const word of ['and', 'or'] as const) {
    const parts = value[word]
    if (Object.keys(value).length === 1 && Array.isArray(parts)) {
      const read = parts.map(readWhere)
      if (read.length === 0 || read.includes(null)) return null
      return word === 'and' ? { and: read as Where[] } : { or: read as Where[] }
    }
  }
  const { field, op } = value
  if (typeof field !== 'string' || typeof op !== 'string') return null
  return { field, op, ...(value['value'] === undefined ? {} : { value: value['value'] }) }
}

/** A tree from the address; null where there is none, or no tree. */
export function parseWhere(text: string | null | undefined): Where | null {
  if (!text) return null
  try {
    return readWhere(JSON.parse(text))
  } catch {
    return null
  }
}

/** A tree as the address has it: of the same tree always the same text, whatever order its keys came in. */
export function encodeWhere(tree: Where | null): string | null {
  return tree && JSON.stringify(readWhere(tree))
}

/** The parts of a tree that stand side by side and must all hold. */
export function partsOf(tree: Where | null): Where[] {
  if (!tree) return []
  return 'and' in tree ? tree.and : [tree]
}

/** A tree of parts that must all hold. */
export function allOf(parts: readonly Where[]): Where | null {
  const [first, ...others] = parts
  if (!first) return null
  return others.length > 0 || 'and' in first ? { and: [...parts] } : first
}

/** A tree as it is edited: always a group on top. */
export function draftOf(tree: Where | null): DraftGroup {
  if (!tree) return newGroup('and')
  const part = draftPart(tree)
  return isGroup(part) ? part : newGroup('and', [part])
}

function draftPart(tree: Where): DraftPart {
  if ('and' in tree) return newGroup('and', tree.and.map(draftPart))
  if ('or' in tree) return newGroup('or', tree.or.map(draftPart))
  return newLeaf(tree.field, tree.op, tree.value)
}

/** Whether a condition says all that it must. */
export function isWhole({ field, op, value }: Leaf): boolean {
  if (!field || !op) return false
  if (needsNoValue(op)) return true
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== null && value !== ''
}

/** What is written as a tree: without unfinished conditions and empty groups; null where nothing is left. */
export function whereOf(part: DraftPart): Where | null {
  if (!isGroup(part)) {
    if (!isWhole(part)) return null
    const { field, op, value } = part
    return needsNoValue(op) ? { field, op } : { field, op, value }
  }
  const parts = part.parts.map(whereOf).filter((found) => found !== null)
  if (parts.length <= 1) return parts[0] ?? null
  return part.word === 'and' ? { and: parts } : { or: parts }
}

/** How many conditions a group has, unfinished ones too. */
export function leafCount(part: DraftPart): number {
  return isGroup(part) ? part.parts.reduce((sum, one) => sum + leafCount(one), 0) : 1
}

/** A group with one of its parts, at any depth, replaced; by null it goes. */
export function withPart(group: DraftGroup, key: number, next: DraftPart | null): DraftGroup {
  return {
    ...group,
    parts: group.parts.flatMap((part) => {
      if (part.key === key) return next ? [next] : []
      return [isGroup(part) ? withPart(part, key, next) : part]
    }),
  }
}

/** A group with one part more, in it or in a group of it. */
export function withMore(group: DraftGroup, key: number, part: DraftPart): DraftGroup {
  if (group.key === key) return { ...group, parts: [...group.parts, part] }
  return {
    ...group,
    parts: group.parts.map((one) => (isGroup(one) ? withMore(one, key, part) : one)),
  }
}

/** A tree without the conditions on fields that are not there, and the names of these. */
export function pruned(
  tree: Where | null,
  isThere: (field: string) => boolean,
): { tree: Where | null; lacking: string[] } {
  const lacking = new Set<string>()
  const keep = (node: Where): Where | null => {
    if ('field' in node) {
      if (isThere(node.field)) return node
      lacking.add(node.field)
      return null
    }
    const parts = ('and' in node ? node.and : node.or).map(keep).filter((part) => part !== null)
    if (parts.length <= 1) return parts[0] ?? null
    return 'and' in node ? { and: parts } : { or: parts }
  }
  const kept = tree && keep(tree)
  // A tree that lacks nothing stays as it is, so that it still equals what was saved.
  return { tree: lacking.size > 0 ? kept : tree, lacking: [...lacking] }
}
