import { oneOf, type ListSpec } from '@/records/listSpec'

/** What the list of people can filter and sort. */
export const personList: ListSpec<'people'> = {
  resource: 'people',
  defaultSort: 'name',
  sorts: { name: (person) => person.name },
  filters: { customer_id: (person, values) => oneOf(person.customer_id, values) },
  searched: (person) => [person.name, person.email, person.phone],
}
