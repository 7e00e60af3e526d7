import { computed, ref, watch, type ComputedRef } from 'vue'
import { Problem } from '@/api/problem'
import { Receipt } from '@/api/receipt'
import { rest } from '@/api/rest'
import type { Attainment, AttainmentCell, AttainmentRow } from '@/api/types'
import { explain } from '@/i18n/problem'
import { t } from '@/i18n/i18n'
import { clearDraft, readDraft, writeDraft } from '@/ui/drafts'
import { fieldOf } from '@/ui/useForm'
import { figureOf, sameFigure } from './figure'

/** What was typed into a cell and is not saved yet. */
export interface CellDraft {
  text: string
  /** The figure that stood there when it was typed: tells when somebody else has set another one meanwhile. */
  was: string | null
}
type Drafts = Record<string, CellDraft>

/** What a save did. */
export type Saved = { count: number; receipt?: Receipt } | { problem: string | null; cell: string | null }

/** Name of a cell: its row and its period. */
export const cellName = (row: string, span: string): string => `${row}/${span}`

/** The figure of its own that a cell has on the server. */
export const ownFigure = (cell: AttainmentCell | undefined): string | null =>
  cell?.is_own ? cell.target : null

/** What is typed into the grid: kept through reloads and switches, sent at once, its faults on their cells. */
export function useTargetDrafts(
  /** Names the grid: whose, which year, what is counted. */
  name: ComputedRef<string>,
  answer: ComputedRef<Attainment | undefined>,
) {
  const drafts = ref<Drafts>({})
  const faults = ref<Record<string, string>>({})
  const busy = ref(false)
  watch(
    name,
    (now) => {
      drafts.value = readDraft<Drafts>(now) ?? {}
      faults.value = {}
    },
    { immediate: true },
  )
  watch(drafts, (all) => {
    if (Object.keys(all).length > 0) writeDraft(name.value, all)
    else clearDraft(name.value)
  })

  const rows = computed(() => new Map((answer.value?.rows ?? []).map((row) => [row.key, row] as const)))
  const cellOf = (row: string, span: string): AttainmentCell | undefined =>
    rows.value.get(row)?.cells.find(({ key }) => key === span)

  /** Whether a figure can be typed here: one that was set in another currency is changed there. */
  const canWrite = (row: string, span: string): boolean =>
    rows.value.get(row)?.can_write === true && !cellOf(row, span)?.set_as

  /** The typed figure: null for one taken away, undefined where nothing that can be read is typed. */
  function drafted(row: string, span: string): string | null | undefined {
    const draft = drafts.value[cellName(row, span)]
    return draft && figureOf(draft.text)
  }

  function set(changes: readonly { row: string; span: string; text: string }[]): void {
    const next = new Map(Object.entries(drafts.value))
    const left = new Map(Object.entries(faults.value))
    for (const { row, span, text } of changes) {
      if (!canWrite(row, span)) continue
      const cell = cellName(row, span)
      const stored = ownFigure(cellOf(row, span))
      const value = figureOf(text)
      if (value !== undefined && sameFigure(value, stored)) next.delete(cell)
      else next.set(cell, { text: text.trim(), was: drafts.value[cell]?.was ?? stored })
      left.delete(cell)
    }
    drafts.value = Object.fromEntries(next)
    faults.value = Object.fromEntries(left)
  }

  function faultOf(row: string, span: string): string | undefined {
    const cell = cellName(row, span)
    const draft = drafts.value[cell]
    if (draft && figureOf(draft.text) === undefined) return t('target.noFigure')
    return faults.value[cell]
  }
  /** The figure that somebody else has set since this one was typed; undefined where nobody has. */
  function changedTo(row: string, span: string): string | null | undefined {
    const draft = drafts.value[cellName(row, span)]
    const now = ownFigure(cellOf(row, span))
    return draft && !sameFigure(draft.was, now) ? now : undefined
  }

  function body(sent: Drafts): { row: AttainmentRow; cells: Record<string, string | null> }[] {
    const found = new Map<string, { row: AttainmentRow; cells: Record<string, string | null> }>()
    for (const [cell, { text }] of Object.entries(sent)) {
      const at = cell.lastIndexOf('/')
      const [key, span] = [cell.slice(0, at), cell.slice(at + 1)]
      const row = rows.value.get(key)
      if (!row) continue
      const entry = found.get(key) ?? { row, cells: {} }
      entry.cells[span] = figureOf(text) ?? null
      found.set(key, entry)
    }
    return [...found.values()]
  }

  /** Puts the server's faults on the cells; what is about none of them is said for the whole. */
  function place(fault: unknown, sent: ReturnType<typeof body>): Saved {
    if (!(fault instanceof Problem) || fault.errors.length === 0)
      return { problem: explain(fault) ?? '', cell: null }
    const found: Record<string, string> = {}
    const homeless: string[] = []
    for (const { pointer, detail } of fault.errors) {
      const [, index, part, span] = fieldOf(pointer ?? '').split('/')
      const entry = sent[Number(index)]
      if (!entry) homeless.push(detail)
      else if (part === 'cells' && span) found[cellName(entry.row.key, span)] = detail
      else for (const key of Object.keys(entry.cells)) found[cellName(entry.row.key, key)] = detail
    }
    faults.value = found
    return { problem: homeless.join(' ') || null, cell: Object.keys(found)[0] ?? null }
  }

  /** Sends all that is typed as one change; what cannot be read is not sent. */
  async function save(): Promise<Saved> {
    const sent = { ...drafts.value }
    const unread = Object.keys(sent).find((cell) => figureOf(sent[cell]?.text ?? '') === undefined)
    if (unread) return { problem: null, cell: unread }
    const meta = answer.value?.meta
    if (!meta || busy.value) return { count: 0 }
    const changed = body(sent)
    busy.value = true
    faults.value = {}
    try {
      const receipt = new Receipt()
      const grid = {
        year: meta.year,
        measure: meta.measure,
        product_id: meta.product_id,
        currency: meta.currency,
        rows: changed.map(({ row: { user_id, team_id }, cells }) => ({ user_id, team_id, cells })),
      }
      await rest.put('/targets/grid', grid, { receipt })
      return { count: Object.keys(sent).length, receipt }
    } catch (fault) {
      return place(fault, changed)
    } finally {
      busy.value = false
    }
  }

  // What stands on the server is no draft any more, whoever put it there.
  watch(answer, () => {
    const left = Object.entries(drafts.value).filter(([cell, { text }]) => {
      const at = cell.lastIndexOf('/')
      const stored = cellOf(cell.slice(0, at), cell.slice(at + 1))
      const value = figureOf(text)
      return !stored || value === undefined || !sameFigure(value, ownFigure(stored))
    })
    if (left.length < Object.keys(drafts.value).length) drafts.value = Object.fromEntries(left)
  })

  return {
    drafts,
    busy,
    count: computed(() => Object.keys(drafts.value).length),
    drafted,
    faultOf,
    changedTo,
    cellOf,
    canWrite,
    set,
    save,
    discard: () => {
      drafts.value = {}
      faults.value = {}
    },
  }
}
