import type { Person } from '@/api/types'
import { oneOf, type ListSpec } from '@/records/listSpec'

/** Yes, no, or with both of them either. */
const flag =
  (key: 'is_primary' | 'has_left' | 'do_not_call' | 'do_not_email') =>
  (person: Person, values: readonly string[]): boolean =>
    values.includes(String(person[key] ?? false))

/** What the list of people can filter and sort, in the words of the contract. */
export const personList: ListSpec<'people'> = {
  resource: 'people',
  defaultSort: 'name',
  sorts: {
    name: (person) => person.name,
    customer_name: (person) => person.customer?.name,
    title: (person) => person.title,
    department: (person) => person.department,
    created_at: (person) => person.created_at,
    updated_at: (person) => person.updated_at,
  },
  filters: {
    customer_id: (person, values) => oneOf(person.customer_id, values),
    decision_role: (person, values) => oneOf(person.decision_role, values),
    is_primary: flag('is_primary'),
    has_left: flag('has_left'),
    do_not_call: flag('do_not_call'),
    do_not_email: flag('do_not_email'),
  },
  // The owner is the customer's, a further role counts only where its customer is in sight: the server knows.
  serverFilters: [
    'where',
    'owner_id',
    'at_customer_id',
    'created_by',
    'created_after',
    'created_before',
    'updated_after',
    'updated_before',
  ],
  reloadedBy: { owner_id: ['customers'], at_customer_id: ['customers'] },
  searched: (person) => [
    person.name,
    ...(person.emails ?? []).map(({ address }) => address),
    ...(person.phones ?? []).flatMap(({ raw, e164 }) => [raw, e164]),
    person.wechat,
    person.qq,
    person.title,
    person.department,
  ],
}
