import type { Resource } from '@/api/types'
import type { PickChoice } from '@/ui/PickList.vue'

/** A field that can be set on many records at once. */
export interface BulkField {
  /** As the API has it. */
  field: string
  label: string
  kind: 'choice' | 'flag' | 'date' | 'text' | 'number'
  /** Of a choice. */
  choices?: readonly PickChoice[]
  /** It cannot be emptied. */
  isRequired?: boolean
}

/** What can be done with many records of a resource at once. */
export interface Bulk {
  resource: Resource
  /** Without this permission nothing is. */
  permission: string
  /** Needed to give records to somebody; left out, they have no owner. */
  assign?: string
  /** They may be given to nobody. */
  hasPool?: boolean
  hasTags?: boolean
  /** What the owners have open there may go along, and they may keep a share. */
  handsOver?: boolean
  fields: () => readonly BulkField[]
  /** The route of the page that makes one of several. */
  merging?: string
}

/** What is done: as the API has it. */
export type BulkAction = 'update' | 'transfer' | 'tag' | 'untag' | 'delete' | 'restore'
