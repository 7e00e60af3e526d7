import { Receipt } from '@/api/receipt'
import { rest } from '@/api/rest'
import { Problem } from '@/api/problem'
import type { AnyRecord, Resource, ResourceMap } from '@/api/types'
import { SaveCancelled } from './cancelled'
import { askConflict, type Choice, type ConflictField, type FieldText } from './conflicts'
import { t } from '@/i18n/i18n'
import { useLive } from './context'
import { isUndoable } from './undo'

/** Fields and their new values; absent is untouched, null is cleared. */
export type Changes = Record<string, unknown>

interface SaveOptions {
  /** Says a field and a value in the reader's words, for the conflict dialog. */
  describe?: (field: string, value: unknown) => FieldText
  /** What else to show until the server answers: the small object beside a changed `*_id`. */
  preview?: Changes
  /** Nothing is shown before the server has agreed: what an admin changes concerns others. */
  isFirm?: boolean
  /** Takes down what was changed; who brings one tells of the change in words of his own. */
  receipt?: Receipt | undefined
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a ?? null) === JSON.stringify(b ?? null)
}

/** `address` and `custom` are merged by key on the server: two people may fill two keys of one of them. */
function meets(mine: unknown, base: unknown, theirs: unknown): boolean {
  if (!isPlain(mine) || !isPlain(theirs)) return !same(mine, theirs)
  const start = isPlain(base) ? base : {}
  return Object.keys(mine).some((key) => !same(start[key], theirs[key]) && !same(mine[key], theirs[key]))
}

/** The own fields that somebody else has changed meanwhile to something different. */
export function conflictsOf(
  changes: Changes,
  base: Changes,
  current: Changes,
  changedFields: readonly string[],
): ConflictField[] {
  const changed = new Set(changedFields.map((field) => field.split(/[./]/)[0]))
  return Object.keys(changes)
    .filter((field) => changed.has(field) && meets(changes[field], base[field], current[field]))
    .map((field) => ({ field, mine: changes[field], theirs: current[field] }))
}

/**
 * Sends changes for the version that the person saw. When that is stale and nobody touched the same
 * fields, sends again for the new version, so that both people win; else asks field by field.
 *
 * @throws SaveCancelled when the person chose neither.
 */
export async function patchWithConflict<T extends AnyRecord>(
  path: string,
  base: T,
  changes: Changes,
  ask: (fields: ConflictField[], current: T) => Promise<Record<string, Choice> | null>,
  receipt?: Receipt,
): Promise<T> {
  let mine = { ...changes }
  let seen: T = base
  for (let round = 0; ; round += 1) {
    try {
      return await rest.patch<T>(path, mine, { version: seen.version ?? null, receipt })
    } catch (fault) {
      if (!(fault instanceof Problem) || fault.status !== 412 || !fault.body['current'] || round >= 8)
        throw fault
      const current = fault.body['current'] as T
      const fields = conflictsOf(
        mine,
        seen as Changes,
        current as Changes,
        (fault.body['changed_fields'] as string[]) ?? [],
      )
      if (fields.length > 0) {
        const choices = await ask(fields, current)
        if (!choices) throw new SaveCancelled()
        mine = Object.fromEntries(Object.entries(mine).filter(([field]) => choices[field] !== 'theirs'))
        if (Object.keys(mine).length === 0) return current
      }
      seen = current
    }
  }
}

/** What this tab alone has made of a record: from which version on, and the last save, which may be under way. */
interface Chain {
  first: number
  last: Promise<AnyRecord | null>
}
const chains = new Map<string, Chain>()
const chainsKept = 100

/**
 * Saves a record after the save of it that is under way: what one person does in a row is no conflict with itself.
 * The save is for the version that the person saw, or for what this tab alone has made of that since.
 */
async function inTurn<T extends AnyRecord>(
  path: string,
  record: T,
  save: (base: T) => Promise<T>,
): Promise<T> {
  const before = chains.get(path)
  const seen = record.version ?? NaN
  const chain: Chain = { first: seen, last: Promise.resolve(null) }
  const turn = (async () => {
    const made = (await before?.last) as T | null | undefined
    const isOurs = made && before && before.first <= seen && seen < (made.version ?? NaN)
    const base = isOurs ? made : record
    if (isOurs) chain.first = before.first
    const saved = await save(base)
    // Somebody else came between: who saw an earlier version has not seen that.
    if (saved.version !== (base.version ?? NaN) + 1) chain.first = saved.version ?? NaN
    return saved
  })()
  chain.last = turn.catch(() => null)
  chains.delete(path)
  chains.set(path, chain)
  const oldest = chains.keys().next()
  if (chains.size > chainsKept && !oldest.done) chains.delete(oldest.value)
  return turn
}

/** Saving for one resource: shown at once, conflicts settled, every place on the screen up to date. */
export function useSave<R extends Resource>(resource: R) {
  const { cache, undo } = useLive()
  type Row = ResourceMap[R] & AnyRecord

  return async function save(record: Row, changes: Changes, options: SaveOptions = {}): Promise<Row> {
    const receipt = options.receipt ?? new Receipt()
    const show = (base: Row): void => {
      if (options.isFirm) return
      const shown = { ...base, ...changes, ...mergedObjects(base, changes), ...options.preview }
      cache.overlay(resource, shown, base.version)
    }
    const ask = (fields: ConflictField[], current: Row): ReturnType<typeof askConflict> =>
      askConflict({
        fields: fields.map((field) => ({
          ...field,
          text: options.describe?.(field.field, field.mine) ?? {
            label: field.field,
            value: String(field.mine ?? ''),
          },
          theirText: options.describe?.(field.field, field.theirs) ?? {
            label: field.field,
            value: String(field.theirs ?? ''),
          },
        })),
        changedAt: (current as { updated_at?: string }).updated_at ?? null,
      })
    show(record)
    return inTurn(`/${resource}/${record.id}`, record, async (base) => {
      if (base !== record) show(base)
      try {
        const saved = await patchWithConflict<Row>(`/${resource}/${record.id}`, base, changes, ask, receipt)
        cache.put(resource, saved)
        if (!options.receipt && receipt.isFilled && isUndoable(resource)) {
          const names = Object.entries(changes).map(
            ([field, value]) => options.describe?.(field, value).label,
          )
          const what = [...new Set(names.filter(Boolean))].join(t('undo.comma'))
          undo.offer(what ? t('undo.changed', { what }) : t('undo.changedIt'), receipt, {
            key: `saved ${resource} ${record.id}`,
          })
        }
        return saved
      } catch (fault) {
        if (!options.isFirm) cache.overlay(resource, base, base.version)
        if (fault instanceof Problem && fault.status === 412 && fault.body['current']) {
          cache.put(resource, fault.body['current'] as Row)
        }
        throw fault
      }
    })
  }
}

function mergedObjects(record: object, changes: Changes): Changes {
  const before = record as Changes
  return Object.fromEntries(
    Object.entries(changes)
      .filter(([field, value]) => isPlain(value) && isPlain(before[field]))
      .map(([field, value]) => [field, { ...(before[field] as object), ...(value as object) }]),
  )
}
