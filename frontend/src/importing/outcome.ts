import type { ImportColumn, ImportSummary, Job } from '@/api/types'

/** What becomes of rows, in the order in which it is told. */
export const verdicts = ['new', 'updated', 'unchanged', 'duplicate', 'wrong'] as const
/** How many rows came to what. */
export type Counts = Record<(typeof verdicts)[number], number>

/** A row that cannot be taken, and why. */
export interface WrongRow {
  row: number
  verdict: 'wrong' | 'duplicate'
  errors: {
    field: string | null
    column: string | null
    /** Of the cell in the row; null where it is the row as a whole. */
    index: number | null
    code: string
    detail: string
  }[]
  /** What stands in the row; null where it is too long to be corrected on a page. */
  cells: (string | null)[] | null
}
/** A text of the file that names nothing, or several. */
export interface UnknownValue {
  field: string
  value: string
  /** In so many rows; null where it was decided before and is not unknown any more. */
  rows: number | null
}
/** What a check or a commit found. */
export interface Found extends Counts {
  /** So many customers have several numbers in one cell. */
  parted_phones: number
  rows: WrongRow[]
  unknown: UnknownValue[]
}

/** The result of a finished job; null while there is none. */
export const foundBy = (job: Job | undefined): Found | null =>
  job?.status === 'succeeded' ? (job.result as Found) : null

/** The counts that an import remembers of its last job. */
export const countsOf = (chosen: Pick<ImportSummary, 'found'>): Counts | null => chosen.found as Counts | null

/** So many rows change something. */
export const changing = (counts: Counts): number => counts.new + counts.updated

/** The steps of the wizard. */
export const steps = ['file', 'columns', 'check', 'run'] as const
/** One of them. */
export type Step = (typeof steps)[number]

/** The step at which somebody goes on who comes back to an import. */
export function stepOf(state: ImportSummary['state']): Step {
  if (state === 'uploaded') return 'columns'
  return state === 'checking' || state === 'checked' ? 'check' : 'run'
}

/** What has to be decided, and what was decided already: that can be thought better of. */
export function toDecide(
  unknown: readonly UnknownValue[],
  values: Record<string, unknown>,
): readonly UnknownValue[] {
  const held = new Set(unknown.map(({ field, value }) => JSON.stringify([field, value])))
  const decided = Object.entries(values).flatMap(([field, texts]) =>
    Object.keys(texts as object)
      .filter((value) => !held.has(JSON.stringify([field, value])))
      .map((value) => ({ field, value, rows: null })),
  )
  return [...unknown, ...decided]
}

/** What a person says once about a text that names nothing; absent where nothing was said yet. */
export type Decision = string | number | null | { create: true }

/** The decision about a text, undefined where there is none. */
export function decisionOn(
  values: Record<string, unknown>,
  { field, value }: UnknownValue,
): Decision | undefined {
  const said = values[field] as Record<string, Decision> | undefined
  return said && Object.hasOwn(said, value) ? said[value] : undefined
}

/** The cells of a wrong row that are corrected in place: those with a fault, behind what the row is called. */
export function cellsToCorrect(row: WrongRow, columns: readonly ImportColumn[]): readonly ImportColumn[] {
  const used = columns.filter(({ field }) => field !== null)
  const faulty = new Set(row.errors.map(({ index }) => index))
  const found = used.filter(({ index }) => faulty.has(index))
  // A row that names nothing else cannot be told from its neighbours.
  const name = used.find(({ field }) => field === 'name') ?? used[0]
  return name && !found.includes(name) ? [name, ...found] : found
}

/** A file of what was copied from a spreadsheet; null where it is a word and no table. */
export function pastedFile(text: string): File | null {
  const lines = text.split(/\r?\n/).filter((line) => line.trim())
  if (lines.length < 2) return null
  return new File([text], 'pasted.csv', { type: 'text/csv' })
}
