import type { Listed } from '@/records/listState'

/** The page of every list that has views. */
export const pageOf: Readonly<Record<Listed, string>> = {
  customers: 'customers',
  leads: 'leads',
  people: 'people',
  contacts: 'contacts',
  deals: 'deals',
  quotes: 'quotes',
  products: 'admin-products',
}

/** A resource as a list that views are made of; null for one that has none. */
export function listedOf(resource: string): Listed | null {
  return resource in pageOf ? (resource as Listed) : null
}
