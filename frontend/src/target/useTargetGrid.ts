import { computed, ref, type ComputedRef } from 'vue'
import type { AttainmentRow } from '@/api/types'
import type { TargetSpan } from './spans'

/** A place of the grid. */
export interface Place {
  row: number
  column: number
}
/** A cell and what is written into it. */
export interface CellText {
  row: string
  span: string
  text: string
}

interface GridOptions {
  rows: ComputedRef<readonly AttainmentRow[]>
  spans: ComputedRef<readonly TargetSpan[]>
  /** What stands in a cell, as it can be typed again. */
  textOf: (row: AttainmentRow, span: TargetSpan) => string
  canWrite: (row: AttainmentRow, span: TargetSpan) => boolean
  write: (cells: CellText[]) => void
}

const arrows: Record<string, [number, number]> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
}

/** Keys and choice of cells, as in a spreadsheet. */
export function useTargetGrid({ rows, spans, textOf, canWrite, write }: GridOptions) {
  const active = ref<Place>({ row: 0, column: 0 })
  /** The other corner of the chosen block. */
  const corner = ref<Place | null>(null)
  /** What is being typed into the active cell; null while nothing is. */
  const typing = ref<string | null>(null)

  const block = computed(() => {
    const other = corner.value ?? active.value
    return {
      top: Math.min(active.value.row, other.row),
      bottom: Math.max(active.value.row, other.row),
      left: Math.min(active.value.column, other.column),
      right: Math.max(active.value.column, other.column),
    }
  })
  const activeRow = computed(() => rows.value[active.value.row])
  const activeSpan = computed(() => spans.value[active.value.column])
  const canType = computed(
    () => !!activeRow.value && !!activeSpan.value && canWrite(activeRow.value, activeSpan.value),
  )

  const within = (value: number, size: number): number => Math.min(Math.max(value, 0), Math.max(size - 1, 0))
  function go(place: Place, extend = false): void {
    const next = {
      row: within(place.row, rows.value.length),
      column: within(place.column, spans.value.length),
    }
    if (extend) corner.value ??= active.value
    else corner.value = null
    active.value = next
  }
  function step([down, right]: [number, number], extend = false): void {
    go({ row: active.value.row + down, column: active.value.column + right }, extend)
  }

  function begin(text?: string): void {
    const [row, span] = [activeRow.value, activeSpan.value]
    if (!row || !span || !canType.value) return
    corner.value = null
    typing.value = text ?? textOf(row, span)
  }
  function commit(): void {
    const [row, span] = [activeRow.value, activeSpan.value]
    if (typing.value !== null && row && span) write([{ row: row.key, span: span.key, text: typing.value }])
    typing.value = null
  }

  /** The cells of the chosen block; of columns like its first one, as sums between months are no months. */
  function chosen(): { row: AttainmentRow; columns: TargetSpan[] }[] {
    const { top, bottom, left, right } = block.value
    const kind = spans.value[left]?.kind
    const columns = spans.value.slice(left, right + 1).filter((span) => span.kind === kind)
    return rows.value.slice(top, bottom + 1).map((row) => ({ row, columns }))
  }
  function clear(): void {
    write(
      chosen().flatMap(({ row, columns }) =>
        columns.map(({ key }) => ({ row: row.key, span: key, text: '' })),
      ),
    )
  }
  /** Writes the first figure of each chosen row into the columns right of it; of one cell up to the year's end. */
  function fillRight(): void {
    const { left, right } = block.value
    const last = left === right ? spans.value.length - 1 : right
    const kind = spans.value[left]?.kind
    const [first, ...others] = spans.value.slice(left, last + 1).filter((span) => span.kind === kind)
    if (!first) return
    write(
      chosen().flatMap(({ row }) =>
        others.map(({ key }) => ({ row: row.key, span: key, text: textOf(row, first) })),
      ),
    )
  }
  const copied = (): string =>
    chosen()
      .map(({ row, columns }) => columns.map((span) => textOf(row, span)).join('\t'))
      .join('\n')

  /** Keys while a cell is being typed into. */
  function onTypingKey(event: KeyboardEvent): void {
    if (event.isComposing) return
    if (event.key === 'Escape') typing.value = null
    else if (event.key === 'Enter') {
      commit()
      step([event.shiftKey ? -1 : 1, 0])
    } else if (event.key === 'Tab') {
      commit()
      step([0, event.shiftKey ? -1 : 1])
    } else if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
      commit()
      step(arrows[event.key] ?? [0, 0])
    } else return
    event.preventDefault()
    event.stopPropagation()
  }
  function onKey(event: KeyboardEvent): void {
    if (typing.value !== null) return onTypingKey(event)
    const isCommand = event.ctrlKey || event.metaKey
    const arrow = arrows[event.key]
    if (arrow) {
      if (isCommand) step([arrow[0] * rows.value.length, arrow[1] * spans.value.length], event.shiftKey)
      else step(arrow, event.shiftKey)
    } else if (event.key === 'Home') go({ row: isCommand ? 0 : active.value.row, column: 0 }, event.shiftKey)
    else if (event.key === 'End')
      go(
        { row: isCommand ? rows.value.length : active.value.row, column: spans.value.length },
        event.shiftKey,
      )
    else if (isCommand && event.key.toLowerCase() === 'r') fillRight()
    else if (event.key === 'Enter' || event.key === 'F2') begin()
    else if (event.key === 'Delete' || event.key === 'Backspace') clear()
    else if (event.key === 'Escape') corner.value = null
    else if (event.key.length === 1 && event.key !== ' ' && !isCommand && !event.altKey && canType.value)
      begin(event.key)
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  return {
    active,
    activeRow,
    activeSpan,
    block,
    typing,
    canType,
    go,
    begin,
    commit,
    fillRight,
    copied,
    onKey,
  }
}
