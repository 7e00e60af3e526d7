import type { AnyRecord, Entry } from '@/api/types'
import type { Changes } from '@/records/save'

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '))

/** The fields that a PATCH takes, by kind of record. Stages, dates of closing and the like change by actions only. */
const settable: Record<string, ReadonlySet<string>> = {
  customer: words(
    'kind name short_name email phone company title website industry source source_detail level status ' +
      'credit_rating tags address tax_id employee_count annual_revenue description custom owner_id collaborators ' +
      'next_follow_up_at',
  ),
  deal: words(
    'name kind customer_id people opened_on expected_close_on amount amount_is_manual currency win_probability ' +
      'forecast_category lines lost_reason lost_note competitors next_step next_step_on source description custom owner_id ' +
      'collaborators',
  ),
  person: words(
    'customer_id customers name salutation title department emails phones wechat qq birthday address photo ' +
      'decision_role is_primary has_left do_not_call do_not_email description custom',
  ),
  contact: words(
    'customer_id person_id deal_id user_id kind direction subject content outcome occurred_at duration_seconds ' +
      'next_step next_follow_up_at custom',
  ),
  product: words(
    'code name category series unit specification description price currency tax_percent cost custom',
  ),
}

type Row = Record<string, unknown>

/** What the form of a value depends on. */
export interface Setting {
  /** The record as it is now. */
  record: AnyRecord
  /** Whether the reader may hand records of this kind to somebody. */
  mayAssign: boolean
  /** The name of a tag; undefined where it is gone. */
  tagName(id: number): string | undefined
}

function without(row: Row, ...names: string[]): Row {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name)))
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a ?? null) === JSON.stringify(b ?? null)
}

/** A value of the journal as a PATCH takes it; undefined where it cannot be set that way. */
export function settableValue(resource: string, field: string, value: unknown, of: Setting): unknown {
  if (!settable[resource]?.has(field) || (field === 'owner_id' && !of.mayAssign)) return undefined
  const held = (of.record as unknown as Row)[field]
  // These are merged by key: what was not there is cleared by name, what is there already needs no setting.
  if ((field === 'address' || field === 'custom') && value && held) {
    const [was, is] = [value as Row, held as Row]
    const keys = [...new Set([...Object.keys(is), ...Object.keys(was)])]
    const changed = keys.filter((key) => !same(was[key], is[key]))
    return Object.fromEntries(changed.map((key) => [key, was[key] ?? null]))
  }
  if (!Array.isArray(value)) return value ?? null
  const rows = value as Row[]
  if (field === 'tags') {
    const names = rows.map((row) => of.tagName(Number(row['tag_id'])))
    return names.includes(undefined) ? undefined : names
  }
  if (field === 'phones') return rows.map((row) => without(row, 'e164'))
  if (field === 'lines') {
    const ids = new Set((held as Row[] | undefined)?.map(({ id }) => id))
    return rows.map((row) => without(row, 'position', 'amount', ...(ids.has(row['id']) ? [] : ['id'])))
  }
  return value
}

/**
 * What fields were right after an entry, as far as they are something else now.
 *
 * @param entries Of one record, the newest first, without a gap down to the entry.
 */
export function valuesAfter(entries: readonly Entry[], entry: Entry): Changes {
  const then: Changes = {}
  const now: Changes = {}
  for (const later of entries) {
    if (later.id <= entry.id) break
    for (const [field, { before, after }] of Object.entries(later.changes)) {
      // The one that came first after the entry tells what it had left; the last one what is there now.
      then[field] = before ?? null
      if (!(field in now)) now[field] = after ?? null
    }
  }
  return Object.fromEntries(Object.entries(then).filter(([field, value]) => !same(value, now[field])))
}

/** How to set fields back: the changes of one PATCH, and the fields that it cannot set. */
export function planOf(resource: string, values: Changes, of: Setting): { changes: Changes; left: string[] } {
  const changes: Changes = {}
  const left: string[] = []
  // An amount that follows from the lines comes back with them.
  const isManual = values['amount_is_manual'] ?? (of.record as unknown as Row)['amount_is_manual']
  for (const [field, value] of Object.entries(values)) {
    if (resource === 'deal' && field === 'amount' && isManual === false) continue
    const set = settableValue(resource, field, value, of)
    if (set === undefined) left.push(field)
    else changes[field] = set
  }
  return { changes, left }
}
