import { oneOf, type ListSpec } from '@/records/listSpec'

/** Customers by their ids. */
export const recentCustomers: ListSpec<'customers'> = {
  resource: 'customers',
  defaultSort: '-updated_at',
  sorts: { updated_at: (customer) => customer.updated_at },
  filters: { id: (customer, values) => oneOf(customer.id, values) },
  searched: () => [],
}
