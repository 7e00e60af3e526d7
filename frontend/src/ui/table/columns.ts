import { computed, ref, watch, type ComputedRef } from 'vue'
import { readStored, writeStored } from '../storage'

/** A column of a table. What a cell shows is given by the slot `cell`. */
export interface Column {
  key: string
  label: string
  width: number
  /** Key of the contract by which the column sorts. */
  sort?: string
  /** Fields whose change tints the cell; the key itself if not given. */
  fields?: readonly string[]
  align?: 'end'
  /** Stays where it is and cannot be hidden. */
  pinned?: boolean
  /** Shown until the person chooses otherwise. */
  isDefault?: boolean
}

interface Saved {
  order?: string[]
  hidden?: string[]
  widths?: Record<string, number>
}

/** Choice, order and width of a table's columns. */
export interface ColumnChoice {
  /** All columns in their order, hidden ones too. */
  all: ComputedRef<Column[]>
  visible: ComputedRef<Column[]>
  isVisible(key: string): boolean
  toggle(key: string): void
  move(key: string, step: number): void
  moveTo(key: string, before: string): void
  resize(key: string, width: number): void
  reset(): void
}

const least = 72
const most = 640

/**
 * Keeps the choice per person on this device. An address with `columns=` shows exactly those, so that a
 * link shows a colleague the same table.
 *
 * @param owner Names the table and the person.
 * @param link Reads and writes the `columns` of the address.
 */
export function useColumns(
  owner: string,
  columns: () => readonly Column[],
  link: { read(): string | null; write(value: string | null): void },
): ColumnChoice {
  const name = `columns.${owner}`
  const saved = ref<Saved>(readStored<Saved>(name) ?? {})
  watch(saved, (value) => writeStored(name, value), { flush: 'sync' })

  const hiddenByDefault = (): string[] =>
    columns()
      .filter((column) => !column.isDefault && !column.pinned)
      .map((column) => column.key)
  const linked = computed(() => link.read()?.split(',').filter(Boolean) ?? null)

  const all = computed(() => {
    const order = linked.value ?? saved.value.order ?? []
    const rank = (column: Column): number => {
      if (column.pinned) return -1
      const at = order.indexOf(column.key)
      return at < 0 ? order.length : at
    }
    return [...columns()]
      .map((column, index) => ({ column, index }))
      .sort((a, b) => rank(a.column) - rank(b.column) || a.index - b.index)
      .map(({ column }) => ({ ...column, width: saved.value.widths?.[column.key] ?? column.width }))
  })
  const hidden = computed(() => {
    if (linked.value)
      return new Set(
        columns()
          .map((c) => c.key)
          .filter((key) => !linked.value?.includes(key)),
      )
    return new Set(saved.value.hidden ?? hiddenByDefault())
  })
  const visible = computed(() => all.value.filter((column) => column.pinned || !hidden.value.has(column.key)))

  function change(next: Partial<Saved>): void {
    saved.value = { ...saved.value, ...next }
    if (next.order || next.hidden) {
      const gone = new Set(next.hidden ?? hidden.value)
      const keys = (next.order ?? all.value.map((column) => column.key)).filter((key) => !gone.has(key))
      link.write(keys.join(','))
    }
  }

  function reorder(place: (keys: string[]) => void): void {
    const keys = all.value.map((column) => column.key)
    place(keys)
    change({ order: keys, hidden: [...hidden.value] })
  }

  return {
    all,
    visible,
    isVisible: (key) => visible.value.some((column) => column.key === key),
    toggle(key) {
      const next = new Set(hidden.value)
      if (!next.delete(key)) next.add(key)
      change({ hidden: [...next], order: all.value.map((column) => column.key) })
    },
    move(key, step) {
      reorder((keys) => {
        const at = keys.indexOf(key)
        const to = Math.min(keys.length - 1, Math.max(1, at + step))
        keys.splice(to, 0, ...keys.splice(at, 1))
      })
    },
    moveTo(key, before) {
      if (key === before) return
      reorder((keys) => {
        keys.splice(keys.indexOf(key), 1)
        keys.splice(Math.max(1, keys.indexOf(before)), 0, key)
      })
    },
    resize(key, width) {
      const widths = { ...saved.value.widths, [key]: Math.round(Math.min(most, Math.max(least, width))) }
      change({ widths })
    },
    reset() {
      saved.value = {}
      link.write(null)
    },
  }
}
