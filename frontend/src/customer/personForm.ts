import type { Person } from '@/api/types'
import type { Changes } from '@/records/save'
import { changedWays, waysOf, type Way } from './ways'

export const personTexts = [
  'name',
  'salutation',
  'title',
  'department',
  'wechat',
  'qq',
  'birthday',
  'description',
] as const
export const personFlags = ['is_primary', 'has_left', 'do_not_call', 'do_not_email'] as const
export const personWays = ['phones', 'emails'] as const
export const addressParts = ['country', 'province', 'city', 'district', 'street', 'postal_code'] as const

export type AddressText = Record<(typeof addressParts)[number], string>

/** A further customer as it stands in the form. */
export interface FurtherCustomer {
  /** Tells the rows apart. */
  key: number
  /** The id as text. */
  customer_id: string | null
  name: string
  role: string
  /** The person was at this customer when the form was opened. */
  isKept: boolean
}

/** What a person's form holds; custom fields and the customer of a new person stand beside it. */
export type PersonText = Record<(typeof personTexts)[number], string> &
  Record<(typeof personFlags)[number], boolean> &
  Record<(typeof personWays)[number], Way[]> & {
    decision_role: string | null
    address: AddressText
    customers: FurtherCustomer[]
  }

const all = <K extends string, V>(names: readonly K[], of: (name: K) => V): Record<K, V> =>
  Object.fromEntries(names.map((name) => [name, of(name)])) as Record<K, V>

/** A person as the form shows him or her, empty for somebody new. */
export function textOf(base: Person | null): PersonText {
  return {
    ...all(personTexts, (field) => base?.[field] ?? ''),
    ...all(personFlags, (field) => base?.[field] ?? false),
    ...all(personWays, (kind) => waysOf(base, kind)),
    decision_role: base?.decision_role ?? null,
    address: all(addressParts, (part) => base?.address?.[part] ?? ''),
    customers: (base?.customers ?? []).map(({ customer_id, name, role }, key) => ({
      key,
      customer_id: String(customer_id),
      name: name ?? `#${customer_id}`,
      role: role ?? '',
      isKept: true,
    })),
  }
}

/** Rows in which a customer was chosen. */
export const filledCustomers = (rows: readonly FurtherCustomer[]): FurtherCustomer[] =>
  rows.filter(({ customer_id }) => customer_id !== null)

/** What of a form was changed, as the API takes it. */
export function changesOf(base: Person | null, now: PersonText): Changes {
  const before = textOf(base)
  const changes: Changes = {}
  for (const field of personTexts)
    if (now[field].trim() !== before[field]) changes[field] = now[field].trim() || null
  for (const field of personFlags) if (now[field] !== before[field]) changes[field] = now[field]
  if (now.decision_role !== before.decision_role) changes['decision_role'] = now.decision_role
  for (const kind of personWays) {
    const changed = changedWays(base, kind, now[kind])
    if (changed) changes[kind] = changed
  }
  const parts = addressParts.filter((part) => now.address[part].trim() !== before.address[part])
  if (parts.length > 0)
    changes['address'] = Object.fromEntries(parts.map((part) => [part, now.address[part].trim() || null]))
  const wire = (rows: readonly FurtherCustomer[]) =>
    filledCustomers(rows).map(({ customer_id, role }) => ({
      customer_id: Number(customer_id),
      role: role.trim() || null,
    }))
  const customers = wire(now.customers)
  if (JSON.stringify(customers) !== JSON.stringify(wire(before.customers))) changes['customers'] = customers
  return changes
}
