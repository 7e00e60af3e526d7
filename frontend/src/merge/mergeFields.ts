/** What can be merged, by the names of the lists. */
export type MergeResource = 'customers' | 'people'

/** What a field does when nobody chooses. */
export type Rule =
  /** The survivor's value, or the first of the others' where it has none. */
  | 'filled'
  /** The survivor's value. */
  | 'kept'
  /** Yes, when one of them says so. */
  | 'promise'

const of = (rule: Rule, names: string): [string, Rule][] => names.split(' ').map((name) => [name, rule])

/** The fields of which one value is chosen, in the order in which they are shown. */
export const mergeFields: Record<MergeResource, readonly [field: string, rule: Rule][]> = {
  customers: [
    ...of('kept', 'name kind'),
    ...of('filled', 'short_name company title'),
    ...of('kept', 'status owner_id'),
    ...of('filled', 'phone email website industry level source source_detail credit_rating address tax_id'),
    ...of('filled', 'employee_count annual_revenue parent_id next_follow_up_at description'),
  ],
  people: [
    ...of('kept', 'name customer_id'),
    ...of('filled', 'salutation title department phone email wechat qq birthday address photo decision_role'),
    ...of('kept', 'is_primary has_left'),
    ...of('promise', 'do_not_call do_not_email'),
    ...of('filled', 'description'),
  ],
}

/** The lists whose records move along, with the filter that finds them and the right that reading them needs. */
export const attachedLists: Record<MergeResource, readonly { list: string; by: string; right: string }[]> = {
  customers: [
    { list: 'people', by: 'customer_id', right: 'customer:read' },
    { list: 'deals', by: 'customer_id', right: 'deal:read' },
    { list: 'contacts', by: 'customer_id', right: 'contact:read' },
    { list: 'quotes', by: 'customer_id', right: 'deal:read' },
    { list: 'attachments', by: 'customer_id', right: 'attachment:read' },
  ],
  people: [
    { list: 'contacts', by: 'person_id', right: 'contact:read' },
    { list: 'deals', by: 'person_id', right: 'deal:read' },
    { list: 'quotes', by: 'person_id', right: 'deal:read' },
  ],
}

/** A record of either kind, as its fields are read by name. */
export type Mergeable = Readonly<Record<string, unknown>> & {
  id: number
  name: string
  version: number
  created_at: string
  can_write?: boolean
}

export const isBlank = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  value === '' ||
  (typeof value === 'object' && Object.values(value).every(isBlank))

/** The value of a field; `custom.region` is a key of an object. */
export function valueOf(record: Mergeable, field: string): unknown {
  const [head = field, key] = field.split('.')
  const value = record[head]
  return key === undefined ? value : (value as Record<string, unknown> | null)?.[key]
}

/** Whose value a field takes when nobody chooses. */
export function fallback(
  records: readonly Mergeable[],
  survivor: Mergeable,
  field: string,
  rule: Rule,
): number {
  if (rule === 'kept') return survivor.id
  const inOrder = [survivor, ...records.filter(({ id }) => id !== survivor.id)]
  const has = (one: Mergeable): boolean =>
    rule === 'promise' ? valueOf(one, field) === true : !isBlank(valueOf(one, field))
  return (inOrder.find(has) ?? survivor).id
}

/** The words of all lists, each once, ignoring case. */
export function united(lists: readonly (readonly string[])[]): string[] {
  const found = new Map<string, string>()
  for (const word of lists.flat()) {
    const key = word.normalize('NFKC').toLowerCase()
    if (!found.has(key)) found.set(key, word)
  }
  return [...found.values()]
}
