import { shallowRef } from 'vue'
import type { ExportRequest } from '@/api/types'
import type { ListChoice } from './listState'

/** A list that can be taken out as a file. */
export type Exportable = Exclude<ExportRequest['resource'], 'all'>
const exportable: Record<Exportable, true> = {
  customers: true,
  people: true,
  contacts: true,
  deals: true,
  products: true,
  tasks: true,
  quotes: true,
  users: true,
  tags: true,
}

/** All such lists. */
export const exportables = Object.keys(exportable)

/** Whether a list can be taken out as a file. */
export function isExportable(resource: string): resource is Exportable {
  return resource in exportable
}

/** What somebody wants to have as a file. */
export interface ExportWish {
  resource: ExportRequest['resource']
  /** The chosen records; else those of the query. */
  ids?: readonly number[]
  /** As in the address of the list; all records without it. */
  query?: string
  /** Keys of the columns that the list shows. */
  shown?: readonly string[]
}

/** The export that is asked for; the shell shows it as a dialog. */
export const wantedExport = shallowRef<ExportWish | null>(null)

/** Asks how a list, a selection or everything is to be exported. */
export function openExport(wish: ExportWish): void {
  wantedExport.value = wish
}

/** The choice of a list as its address has it. */
export function listQuery({ q, sort, filters }: ListChoice): string {
  const query = new URLSearchParams()
  for (const [key, values] of Object.entries(filters)) for (const value of values) query.append(key, value)
  if (q) query.set('q', q)
  query.set('sort', sort)
  return query.toString()
}
