import type { Import, ImportColumn, ImportField } from '@/api/types'

type Mapped = Pick<Import, 'columns' | 'fields'>

/** The field that a column becomes. */
export const fieldOf = (chosen: Pick<Import, 'fields'>, column: ImportColumn): ImportField | undefined =>
  chosen.fields.find(({ name }) => name === column.field)

/** Fields without which no record can be made and that no column fills yet. */
export function missingFields({ columns, fields }: Mapped): string[] {
  const mapped = new Set(columns.map(({ field }) => field))
  // Rows that name records by their number change what is there, and a name may come in two parts.
  if (mapped.has('id')) return []
  if (mapped.has('first_name') || mapped.has('last_name')) mapped.add('name')
  return fields.filter(({ name, is_required }) => is_required && !mapped.has(name)).map(({ name }) => name)
}

/** Columns of dates that may be read in several ways and of which it has not been said in which. */
export function undatedColumns(chosen: Mapped): ImportColumn[] {
  return chosen.columns.filter((column) => {
    const kind = fieldOf(chosen, column)?.kind
    return (kind === 'date' || kind === 'instant') && column.format === null && column.formats.length > 1
  })
}

/** The fields that a column may become: what another one fills already is offered only where several may. */
export function freeFields({ columns, fields }: Mapped, column: ImportColumn): ImportField[] {
  const taken = new Set(columns.filter((one) => one.index !== column.index).map(({ field }) => field))
  return fields.filter(({ name, repeats }) => repeats || !taken.has(name))
}

/** What may be made for rows, in the order in which it is offered, and who may make it. */
export const makers: Record<string, string> = {
  customers: 'customer:write',
  products: 'product:write',
  tags: 'tag:write',
  options: 'option:write',
  teams: 'team:write',
}
export const creatableKinds: readonly string[] = Object.keys(makers)

/** What rows may name that is not there, and that may be made for them, by the columns of this file. */
export function creatable(chosen: Mapped): string[] {
  const kinds = chosen.columns.flatMap((column) => {
    const field = fieldOf(chosen, column)
    if (!field) return []
    if (field.name === 'tags') return ['tags']
    return field.option_list ? ['options'] : field.links_to ? [field.links_to] : []
  })
  return creatableKinds.filter((plural) => kinds.includes(plural))
}

/** A date that shows in which order day, month and year stand. */
export const dateExamples: Record<string, string> = {
  ymd: '2026-12-31',
  dmy: '31/12/2026',
  mdy: '12/31/2026',
  serial: '46387',
}
/** A number that shows which sign stands before the decimals. */
export const numberExamples: Record<string, string> = { point: '1,234.56', comma: '1.234,56' }
