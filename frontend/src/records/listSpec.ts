import type { AnyRecord, Resource, ResourceMap } from '@/api/types'
import type { ListChoice } from './listState'

/** A value that a list can be sorted by. */
export type Sortable = string | number | boolean | null | undefined

/** Everything that a list of one resource knows about itself. */
export interface ListSpec<R extends Resource> {
  resource: R
  defaultSort: string
  /** Sort keys of the contract and the value that each compares. */
  sorts: Record<string, (record: ResourceMap[R]) => Sortable>
  /** Filters of the contract; each says by itself whether a pushed record passes. */
  filters: Record<string, (record: ResourceMap[R], values: readonly string[]) => boolean>
  /** Texts in which `q` may be found. */
  searched: (record: ResourceMap[R]) => readonly (string | null | undefined)[]
  /** Filters that only the server can judge; while one is set, a change reloads the list. */
  serverFilters?: readonly string[]
  /** Other resources on which a filter of the server depends: while it is set, their changes reload the list too. */
  reloadedBy?: Readonly<Record<string, readonly string[]>>
  /** Rows carry fields by right, which a push to everybody leaves out: a change reloads the list. */
  hasRightFields?: boolean
}

/** Before the key of a custom field in the names of filters, sort keys and columns. */
export const customPrefix = 'custom.'

/** Whether a name is that of a custom field. */
export function isCustom(name: string): boolean {
  return name.startsWith(customPrefix)
}

/** The value of a custom field by its name. */
function customValue(record: object, name: string): Sortable {
  const values = (record as { custom?: Record<string, Sortable> | null }).custom
  return values?.[name.slice(customPrefix.length)]
}

/** All filters that an address may carry for a list; those of custom fields come by their names. */
export function filterKeys<R extends Resource>(spec: ListSpec<R>): string[] {
  return [...Object.keys(spec.filters), ...(spec.serverFilters ?? [])]
}

/** Fields by which a record comes into a reader's sight and leaves it. */
const sightFields = [
  'owner_id',
  'team_id',
  'customer_id',
  'collaborators',
  'participants',
  'assignee_id',
  'deal_id',
  'is_active',
]

/** Whether a change of some fields can let a record into a list or out of it. */
export function deciding<R extends Resource>(spec: ListSpec<R>, choice: ListChoice) {
  const read = new Set(sightFields)
  // Which fields a filter looks at, it says itself: it is shown a record that notes what is asked of it.
  const witness = new Proxy({} as ResourceMap[R] & AnyRecord, {
    get: (_, field) => (read.add(String(field)), undefined),
  })
  for (const [key, values] of Object.entries(choice.filters)) {
    if (values.length > 0) spec.filters[key]?.(witness, values)
  }
  if (choice.q) spec.searched(witness)
  return (fields: readonly string[]): boolean => fields.some((field) => read.has(field))
}

/** Letters without case and width, as the server's search keys are. */
export function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase()
}

/** True when one of the values is the field's; `none` stands for null. */
export function oneOf(field: string | number | null | undefined, values: readonly string[]): boolean {
  return values.includes(field == null ? 'none' : String(field))
}

/** Inclusive range over numbers, dates or decimal strings. */
export function atLeast(field: string | number | null | undefined, [least]: readonly string[]): boolean {
  return least === undefined || (field != null && compareValues(field, least) >= 0)
}

/** See {@link atLeast}. */
export function atMost(field: string | number | null | undefined, [most]: readonly string[]): boolean {
  return most === undefined || (field != null && compareValues(field, most) <= 0)
}

const han = /\p{Script=Han}/u
const pinyin = new Intl.Collator('zh-CN-u-co-pinyin')
// The first character of each pinyin letter in that order: tells under which letter a Han character stands.
const letters = [...'阿八嚓哒妸发旮哈讥咔垃痳拏噢妑七呥扨它穵夕丫帀']
const latin = 'abcdefghjklmnopqrstwxyz'

function letterOf(text: string): string {
  const first = text[0] ?? ''
  if (!han.test(first)) return first
  const at = letters.findLastIndex((letter) => pinyin.compare(letter, first) <= 0)
  return latin[at] ?? 'a'
}

/** Dictionary order with Chinese among Latin by its reading, close to the server's (which knows every reading). */
function compareNames(a: string, b: string): number {
  const [left, right] = [letterOf(a), letterOf(b)]
  if (left !== right) return left < right ? -1 : 1
  return pinyin.compare(a, b)
}

const decimal = /^-?\d+(\.\d+)?$/

function compareValues(a: Sortable, b: Sortable): number {
  if (typeof a === 'string' && typeof b === 'string' && !(decimal.test(a) && decimal.test(b))) {
    const [left, right] = [fold(a), fold(b)]
    if (han.test(left) || han.test(right)) return compareNames(left, right)
    return left < right ? -1 : left > right ? 1 : 0
  }
  return Number(a) - Number(b)
}

/** The order of a list; nulls last both ways, the id breaks ties, as on the server. */
export function comparator<R extends Resource>(spec: ListSpec<R>, sort: string) {
  type Row = ResourceMap[R] & AnyRecord
  const keys = sort
    .split(',')
    .map((part) => ({ descending: part.startsWith('-'), name: part.replace(/^-/, '') }))
    .map(({ descending, name }) => ({
      descending,
      value: isCustom(name) ? (record: Row) => customValue(record, name) : spec.sorts[name],
    }))
  const idDescending = keys.at(0)?.descending === true
  return (a: Row, b: Row): number => {
    for (const { value, descending } of keys) {
      if (!value) continue
      const [left, right] = [value(a), value(b)]
      if (left == null || right == null) {
        if (left == null && right == null) continue
        return left == null ? 1 : -1
      }
      const order = compareValues(left, right)
      if (order !== 0) return descending ? -order : order
    }
    return idDescending ? b.id - a.id : a.id - b.id
  }
}

/**
 * Whether a pushed record belongs to the list. The search by pinyin is the server's alone: a row that
 * is there stays, a new one enters when a text of it shows the words.
 */
export function fitsChoice<R extends Resource>(spec: ListSpec<R>, choice: ListChoice) {
  const words = fold(choice.q).split(/\s+/).filter(Boolean)
  return (record: ResourceMap[R] & AnyRecord, present: boolean): boolean => {
    const isDeleted = (record as { is_active?: boolean }).is_active === false
    if (isDeleted !== (choice.filters['deleted']?.includes('only') === true)) return false
    for (const [key, values] of Object.entries(choice.filters)) {
      if (values.length > 0 && spec.filters[key] && !spec.filters[key](record, values)) return false
    }
    if (present || words.length === 0) return true
    const haystack = spec.searched(record).map((text) => fold(text ?? ''))
    const digits = haystack.map((text) => text.replace(/\D/g, ''))
    return words.every(
      (word) =>
        haystack.some((text) => text.includes(word)) ||
        (/^[\d\s+-]{4,}$/.test(word) && digits.some((text) => text.includes(word.replace(/\D/g, '')))),
    )
  }
}
