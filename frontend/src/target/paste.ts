import { figureOf } from './figure'
import type { TargetSpan } from './spans'

/** The cells that a spreadsheet puts on the clipboard: tabs between columns, quotes around what holds tabs or lines. */
export function tableOf(text: string): string[][] {
  const rows: string[][] = [[]]
  let cell = ''
  let isQuoted = false
  const source = text.replace(/\r\n?/g, '\n').replace(/\n$/, '')
  for (let at = 0; at < source.length; at += 1) {
    const sign = source[at]
    if (isQuoted) {
      if (sign === '"' && source[at + 1] === '"') {
        cell += '"'
        at += 1
      } else if (sign === '"') isQuoted = false
      else cell += sign
    } else if (sign === '"' && cell === '') isQuoted = true
    else if (sign === '\t' || sign === '\n') {
      rows.at(-1)?.push(cell)
      cell = ''
      if (sign === '\n') rows.push([])
    } else cell += sign
  }
  rows.at(-1)?.push(cell)
  return rows
}

/** Where a pasted text goes. */
export interface Placed {
  cells: { row: string; span: string; text: string }[]
  /** Figures for which there was no place. */
  lost: number
}

interface PasteRow {
  key: string
  name: string
  can_write: boolean
}

const isName = (text: string | undefined): boolean => text !== undefined && figureOf(text) === undefined

/**
 * Puts a pasted table into the grid, from a cell to the right and down. A head line is left out. Where the first column
 * holds names, each line goes to the row of that name. As many figures as there are months left go to the months, and
 * pass the sums of quarters by; a wider table fills those too.
 */
export function placePaste(
  table: readonly (readonly string[])[],
  rows: readonly PasteRow[],
  spans: readonly TargetSpan[],
  start: { row: number; column: number },
): Placed {
  const body =
    table.length > 1 && table[0]?.every((text) => isName(text) || text.trim() === '') ? table.slice(1) : table
  const isNamed = body.length > 0 && body.every((line) => isName(line[0]) && line.length > 1)
  const from = spans[start.column]
  const all = spans.slice(start.column)
  const alike = all.filter((span) => span.kind === from?.kind)
  const width = Math.max(0, ...body.map((line) => line.length - (isNamed ? 1 : 0)))
  const columns = width <= alike.length ? alike : all
  const placed: Placed = { cells: [], lost: 0 }
  body.forEach((line, index) => {
    const row = isNamed ? rows.find(({ name }) => name.trim() === line[0]?.trim()) : rows[start.row + index]
    const texts = isNamed ? line.slice(1) : line
    texts.forEach((text, at) => {
      const span = columns[at]
      if (row?.can_write && span) placed.cells.push({ row: row.key, span: span.key, text })
      else if (text.trim() !== '') placed.lost += 1
    })
  })
  return placed
}
