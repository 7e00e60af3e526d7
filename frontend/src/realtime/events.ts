import type { LiveEvent } from '@/api/types'

export type { LiveEvent }

/** What the server pushes: the event's name is the event's type. A loss says the id and little else. */
export type PushedEvent = Pick<LiveEvent, 'cursor' | 'id'> & Partial<Omit<LiveEvent, 'type' | 'resource'>>

/** A change set of so many records that they are not told one by one. */
export interface BulkEvent {
  resource: string
  changeset_id: number | null
}

const lists: Record<string, string> = {
  view_preference: 'view-preferences',
  exchange_rate: 'exchange-rates',
  custom_field: 'custom-fields',
  person: 'people',
  tag: 'tags',
  user: 'users',
  team: 'teams',
  role: 'roles',
  task: 'tasks',
  quote: 'quotes',
  company: 'companies',
  product: 'products',
  customer: 'customers',
  contact: 'contacts',
  deal: 'deals',
  pipeline: 'pipelines',
  option: 'options',
  comment: 'comments',
  attachment: 'attachments',
  view: 'views',
}

/** `customer` -> `customers`, the name that lists and query keys use; plural names pass through. */
export function listName(resource: string): string {
  return lists[resource] ?? (resource.endsWith('s') || resource === 'people' ? resource : `${resource}s`)
}

const records = new Map(Object.entries(lists).map(([record, list]) => [list, record]))

/** `customers` -> `customer`, the name that the journal uses. */
export function recordName(list: string): string {
  return records.get(list) ?? list.replace(/s$/, '')
}

/** `deal_stage_moved` -> resource `deal_stage`, verb `moved`. Webhook names (`deal.moved`) are read too. */
export function splitType(type: string): { resource: string; verb: string } {
  const at = Math.max(type.lastIndexOf('_'), type.lastIndexOf('.'))
  return { resource: type.slice(0, at), verb: type.slice(at + 1) }
}

/** True when the reader has lost the record: deleted, merged away, or out of sight. */
export function isGone(event: Pick<LiveEvent, 'type' | 'record'>): boolean {
  const { verb } = splitType(event.type)
  return verb === 'removed' || verb === 'deleted' || event.record == null
}
