import type { AnyRecord, Link, Resource } from '@/api/types'
import type { ListSpec } from '@/records/listSpec'

/** A deleted record, with what its list says of the deletion. */
export interface Binned extends AnyRecord {
  name?: string
  deleted_at: string | null
  deleted_by: number | null
  deleter: Link | null
  /** How many records vanished with it, by the names of their lists. */
  deleted_with: Record<string, number>
}

/** What the recycle bin shows, in its order; each is for people with its permission. */
export const binned = [
  { resource: 'customers', label: 'nav.customers', permission: 'customer:read' },
  { resource: 'people', label: 'nav.people', permission: 'customer:read' },
  { resource: 'contacts', label: 'bin.contacts', permission: 'contact:read' },
  { resource: 'deals', label: 'nav.deals', permission: 'deal:read' },
  { resource: 'tasks', label: 'nav.tasks', permission: 'task:read' },
  { resource: 'quotes', label: 'nav.quotes', permission: 'deal:read' },
  { resource: 'attachments', label: 'file.title', permission: 'attachment:read' },
  { resource: 'products', label: 'admin.products', permission: 'product:write' },
  { resource: 'tags', label: 'admin.tags', permission: 'tag:write' },
] as const satisfies readonly { resource: Resource; label: string; permission: string }[]

/** A kind of record that the bin shows. */
export type BinnedResource = (typeof binned)[number]['resource']

/** What bringing back needs. */
export const binWriters: Record<BinnedResource, string> = {
  customers: 'customer:write',
  people: 'customer:write',
  contacts: 'contact:write',
  deals: 'deal:write',
  tasks: 'task:write',
  quotes: 'deal:write',
  attachments: 'attachment:write',
  products: 'product:write',
  tags: 'tag:write',
}

/** The list of the deleted records of one kind. What a push says of a deletion is too little: it is loaded again. */
export function binList(resource: BinnedResource): ListSpec<BinnedResource> {
  return {
    resource,
    defaultSort: '-deleted_at',
    sorts: { deleted_at: (record) => (record as Binned).deleted_at },
    filters: {},
    serverFilters: ['deleted_by'],
    searched: (record) => [(record as Binned).name],
    hasRightFields: true,
  }
}

interface Named {
  name?: string | null
  subject?: string | null
  content?: string | null
  number?: string
  revision?: number
  code?: string
  customer?: Link | null
  deal?: Link | null
}

/** What a record is called, and what it belongs to or is about. */
export function wordsFor(resource: BinnedResource, record: Binned): { name: string; about: string } {
  const row = record as Named
  const belongs = [row.customer?.name, row.deal?.name].filter(Boolean).join(' · ')
  if (resource === 'tasks') return { name: row.subject ?? '', about: belongs }
  if (resource === 'contacts')
    return { name: row.subject || (row.content ?? '').trim().slice(0, 120), about: belongs }
  if (resource === 'quotes') {
    const revision = (row.revision ?? 1) > 1 ? ` · R${row.revision}` : ''
    return { name: `${row.number ?? ''}${revision}`, about: belongs }
  }
  if (resource === 'products') return { name: row.name ?? '', about: row.code ?? '' }
  return { name: row.name ?? '', about: belongs }
}
