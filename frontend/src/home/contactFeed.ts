import type { ListSpec } from '@/records/listSpec'

/** The newest contact records of all customers that the reader may see. */
export const contactFeed: ListSpec<'contacts'> = {
  resource: 'contacts',
  defaultSort: '-occurred_at',
  sorts: { occurred_at: (contact) => contact.occurred_at },
  filters: {},
  searched: () => [],
}
