import { oneOf, type ListSpec } from '@/records/listSpec'

/** What a list of files can filter and sort, in the words of the contract. */
export const attachmentList: ListSpec<'attachments'> = {
  resource: 'attachments',
  defaultSort: '-created_at',
  sorts: {
    name: (file) => file.name,
    size: (file) => file.size,
    created_at: (file) => file.created_at,
  },
  filters: {
    customer_id: (file, values) => oneOf(file.customer_id, values),
    deal_id: (file, values) => oneOf(file.deal_id, values),
    contact_id: (file, values) => oneOf(file.contact_id, values),
  },
  searched: (file) => [file.name],
}

/** The record to which files belong. */
export type FileOwner = { deal_id: number } | { customer_id: number }
