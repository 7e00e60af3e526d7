import type { Import } from '@/api/types'

/** What files can be imported into. */
export type ImportResource = Import['resource']

interface Target {
  name: ImportResource
  label: string
  permission: string
  /** The list in which one finds what was imported; the newest first. */
  list: { name: string; query: Record<string, string> }
}

/** The resources in the order in which they refer to each other. */
export const targets: readonly Target[] = [
  {
    name: 'customers',
    label: 'nav.customers',
    permission: 'customer:write',
    list: { name: 'customers', query: { sort: '-created_at' } },
  },
  {
    name: 'people',
    label: 'nav.people',
    permission: 'customer:write',
    list: { name: 'customers', query: {} },
  },
  {
    name: 'contacts',
    label: 'nav.contacts',
    permission: 'contact:write',
    list: { name: 'contacts', query: { sort: '-created_at' } },
  },
  {
    name: 'deals',
    label: 'nav.deals',
    permission: 'deal:write',
    list: { name: 'deals', query: { view: 'table', sort: '-created_at' } },
  },
  {
    name: 'tasks',
    label: 'nav.tasks',
    permission: 'task:write',
    list: { name: 'tasks', query: { scope: 'team' } },
  },
  {
    name: 'products',
    label: 'admin.products',
    permission: 'product:write',
    list: { name: 'admin-products', query: {} },
  },
  {
    name: 'users',
    label: 'admin.users',
    permission: 'user:write',
    list: { name: 'admin-users', query: {} },
  },
]

/** The target of a name, the first one for any other text. */
export const targetOf = (name: unknown): Target | undefined => targets.find((one) => one.name === name)
