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

/** Where the arrangement of a table's columns is read from and written to, besides this device. */
export interface ColumnLink {
  /** Columns in their order, each perhaps with its width: `name,status:120`; null for none. */
  read(): string | null
  write(value: string | null): void
  /** The arrangement belongs to a saved view: this device keeps nothing of it for the table at large. */
  ofView?(): boolean
  /** Takes what says how the columns are arranged now. */
  tell?(read: () => string): void
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
const clamp = (width: number): number => Math.round(Math.min(most, Math.max(least, width)))

/**
 * Keeps the choice per person on this device. An address with `columns=` shows exactly those, so that a
 * link shows a colleague the same table.
 *
 * @param owner Names the table and the person.
 * @param link Reads and writes the `columns` of the address.
 */
export function useColumns(owner: string, columns: () => readonly Column[], link: ColumnLink): ColumnChoice {
  const name = `columns.${owner}`
  const saved = ref<Saved>(readStored<Saved>(name) ?? {})
  watch(saved, (value) => writeStored(name, value), { flush: 'sync' })

  const hiddenByDefault = (): string[] =>
    columns()
      .filter((column) => !column.isDefault && !column.pinned)
      .map((column) => column.key)
  const entries = computed(
    () =>
      link
        .read()
        ?.split(',')
        .filter(Boolean)
        .map((entry) => {
          const [key = '', width] = entry.split(':')
          return [key, /^\d{1,4}$/.test(width ?? '') ? clamp(Number(width)) : null] as const
        }) ?? null,
  )
  const linked = computed(() => entries.value?.map(([key]) => key) ?? null)
  const widths = computed(() => new Map(entries.value ?? []))

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
      .map(({ column }) => ({
        ...column,
        width: widths.value.get(column.key) ?? saved.value.widths?.[column.key] ?? column.width,
      }))
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

  /** The arrangement as an address has it. */
  function encoded(keys: readonly string[], changed: Readonly<Record<string, number>> = {}): string {
    return keys
      .map((key) => {
        const width = changed[key] ?? widths.value.get(key)
        return width ? `${key}:${width}` : key
      })
      .join(',')
  }

  function change(next: Partial<Saved>): void {
    if (!link.ofView?.()) saved.value = { ...saved.value, ...next }
    if (next.order || next.hidden) {
      const gone = new Set(next.hidden ?? hidden.value)
      const keys = (next.order ?? all.value.map((column) => column.key)).filter((key) => !gone.has(key))
      link.write(encoded(keys))
    }
  }
  link.tell?.(() =>
    encoded(
      visible.value.map((column) => column.key),
      link.ofView?.() ? {} : saved.value.widths,
    ),
  )

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
      if (link.ofView?.() || widths.value.has(key)) {
        const keys = visible.value.map((column) => column.key)
        link.write(encoded(keys, { [key]: clamp(width) }))
      }
      change({ widths: { ...saved.value.widths, [key]: clamp(width) } })
    },
    reset() {
      if (!link.ofView?.()) saved.value = {}
      link.write(null)
    },
  }
}
