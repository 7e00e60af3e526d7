import type { ListSpec } from '@/records/listSpec'
import { oneOf } from '@/records/listSpec'

/** What the list of customers can filter and sort, in the words of the contract. */
export const customerList: ListSpec<'customers'> = {
  resource: 'customers',
  defaultSort: '-updated_at',
  sorts: {
    name: (customer) => customer.name,
    status: (customer) => customer.status,
    level: (customer) => customer.level,
    credit_rating: (customer) => customer.credit_rating,
    first_contacted_at: (customer) => customer.first_contacted_at,
    last_contacted_at: (customer) => customer.last_contacted_at,
    next_follow_up_at: (customer) => customer.next_follow_up_at,
    created_at: (customer) => customer.created_at,
    updated_at: (customer) => customer.updated_at,
  },
  filters: {
    status: (customer, values) => oneOf(customer.status, values),
    level: (customer, values) => oneOf(customer.level, values),
    owner_id: (customer, values) => oneOf(customer.owner_id, values),
    source: (customer, values) => oneOf(customer.source, values),
    industry: (customer, values) => oneOf(customer.industry, values),
    disqualify_reason: (customer, values) => oneOf(customer.disqualify_reason, values),
    // Repeating a tag means and.
    tag: (customer, values) =>
      values.every((value) =>
        value === 'none'
          ? (customer.tags ?? []).length === 0
          : (customer.tags ?? []).some((tag) => tag.toLowerCase() === value.toLowerCase()),
      ),
  },
  // Reports lead here with these; days begin in the reader's zone, which only the server knows for sure.
  serverFilters: [
    'where',
    'team_id',
    'created_by',
    'created_after',
    'created_before',
    'deal_state',
    'became_lead_after',
    'became_lead_before',
    'qualified_after',
    'qualified_before',
    'first_contacted_after',
    'first_contacted_before',
    'silent_since_after',
    'silent_since_before',
    'last_contacted_after',
    'last_contacted_before',
    'first_contacted_after',
    'first_contacted_before',
    'qualified_after',
    'qualified_before',
    'disqualified_after',
    'disqualified_before',
    'qualified_by',
    'credit_rating_min',
    'credit_rating_max',
    'country',
    'province',
    'city',
  ],
  searched: (customer) => [
    customer.name,
    customer.short_name,
    customer.company,
    customer.email,
    customer.phone,
  ],
}

/** The stations of a customer's life, in their order. */
export const customerStatuses = ['lead', 'prospect', 'active', 'lost'] as const

/** The colour of a status, the same on every screen. */
export const statusHue = { lead: 'blue', prospect: 'violet', active: 'green', lost: 'gray' } as const
