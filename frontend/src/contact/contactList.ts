import type { Contact } from '@/api/types'
import { oneOf, type ListSpec } from '@/records/listSpec'

/** Who began: the customer, or we. */
export const directions = ['in', 'out'] as const

/** What a list of contact records can filter and sort, in the words of the contract. */
export const contactList: ListSpec<'contacts'> = {
  resource: 'contacts',
  defaultSort: '-occurred_at',
  sorts: {
    occurred_at: (contact) => contact.occurred_at,
    kind: (contact) => contact.kind,
    outcome: (contact) => contact.outcome,
    duration_seconds: (contact) => contact.duration_seconds,
    next_follow_up_at: (contact) => contact.next_follow_up_at,
    created_at: (contact) => contact.created_at,
  },
  filters: {
    kind: (contact, values) => oneOf(contact.kind, values),
    user_id: (contact, values) => oneOf(contact.user_id, values),
    customer_id: (contact, values) => oneOf(contact.customer_id, values),
    person_id: (contact, values) => oneOf(contact.person_id, values),
    deal_id: (contact, values) => oneOf(contact.deal_id, values),
    direction: (contact, values) => oneOf(contact.direction, values),
    outcome: (contact, values) => oneOf(contact.outcome, values),
  },
  // The author's team, other contact records, and where days begin: only the server knows them for sure.
  serverFilters: [
    'where',
    'team_id',
    'created_by',
    'first_answer',
    'occurred_after',
    'occurred_before',
    'next_follow_up_after',
    'next_follow_up_before',
    'duration_seconds_min',
    'duration_seconds_max',
    'created_after',
    'created_before',
  ],
  searched: (contact) => [contact.subject, contact.content],
}

const longest = 240

/** The beginning of what a contact record says, in one line; empty where it says nothing. */
export function excerptOf(contact: Pick<Contact, 'subject' | 'content'>): string {
  const text = [contact.subject, contact.content?.slice(0, longest)].filter(Boolean).join(' – ')
  return text.replace(/\s+/g, ' ').slice(0, longest)
}
