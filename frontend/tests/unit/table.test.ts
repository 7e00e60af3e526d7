import { render, screen } from '@testing-library/vue'
import userEvent from '@testing-library/user-event'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { h, nextTick, ref, type Component } from 'vue'
import DataTable from '@/ui/table/DataTable.vue'
import { useColumns, type ColumnChoice } from '@/ui/table/columns'

interface Row {
  id: number
  version: number
  name: string
}
const rows = (count: number, from = 1): Row[] =>
  Array.from({ length: count }, (_, i) => ({ id: from + i, version: 1, name: `row ${from + i}` }))
const labels = {
  table: '客户',
  selectAll: 'all',
  select: 'select',
  resize: 'resize',
  next: 'next',
  previous: 'previous',
  open: 'open',
  choose: 'choose',
}

// happy-dom lays nothing out: the scroller is given a size.
beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, 'offsetHeight', 'get').mockReturnValue(360)
  vi.spyOn(HTMLElement.prototype, 'offsetWidth', 'get').mockReturnValue(800)
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(360)
})

const link = () => {
  const value = ref<string | null>(null)
  return { value, read: () => value.value, write: (next: string | null) => void (value.value = next) }
}
const columns = (address = link()): ColumnChoice =>
  useColumns(
    'test',
    () => [
      { key: 'name', label: 'Name', width: 200, sort: 'name', pinned: true },
      { key: 'status', label: 'Status', width: 100, sort: 'status', isDefault: true },
      { key: 'note', label: 'Note', width: 100 },
    ],
    address,
  )

function show(list: Row[], extra: Record<string, unknown> = {}) {
  return render(DataTable as Component, {
    props: {
      rows: list,
      columns: columns(),
      listName: 'a',
      sort: 'name',
      total: list.length,
      rowLabel: (row: Row) => row.name,
      loading: false,
      dimmed: false,
      hasMore: false,
      comfortable: false,
      changed: () => undefined,
      memo: [],
      labels,
      ...extra,
    },
    slots: {
      cell: ({ row, column }: { row: Row; column: string }) => h('span', column === 'name' ? row.name : '-'),
      empty: () => h('p', 'nothing'),
    },
  })
}

describe('the table', () => {
  it('is a grid that says its size, its order and where a row stands', async () => {
    show(rows(1000))
    await nextTick()
    const grid = screen.getByRole('grid', { name: '客户' })
    expect(grid.getAttribute('aria-rowcount')).toBe('1001')
    expect(screen.getByRole('columnheader', { name: /Name/ }).getAttribute('aria-sort')).toBe('ascending')
    const shown = screen.getAllByRole('row')
    expect(shown.length).toBeLessThan(40)
    expect(shown[1]?.getAttribute('aria-rowindex')).toBe('2')
    expect(document.querySelectorAll('[tabindex="0"]')).toHaveLength(1)
  })

  it('is walked by keys, and remembers the record rather than the place', async () => {
    const view = show(rows(20))
    await nextTick()
    const grid = screen.getByRole('grid')
    grid.focus()
    await userEvent.keyboard('{ArrowDown}{ArrowDown}')
    const active = (): string | null =>
      document.getElementById(grid.getAttribute('aria-activedescendant') ?? '')?.textContent ?? null
    expect(active()).toContain('row 2')
    await view.rerender({ rows: [{ id: 99, version: 1, name: 'new' }, ...rows(20)] })
    expect(active()).toContain('row 2')
    await userEvent.keyboard('{Enter}')
    expect(view.emitted<unknown[]>('open')?.[0]).toEqual([expect.objectContaining({ id: 2 })])
  })

  it('chooses rows one by one and in ranges', async () => {
    const view = show(rows(20), { selectable: true })
    await nextTick()
    screen.getByRole('grid').focus()
    await userEvent.keyboard('{ArrowDown}{Shift>}{ArrowDown}{ArrowDown}{/Shift}')
    expect([...((view.emitted<unknown[]>('update:selection')?.at(-1)?.[0] ?? []) as Set<number>)]).toEqual([
      1, 2, 3,
    ])
    // The way back lets go again.
    await userEvent.keyboard('{Shift>}{ArrowUp}{/Shift}')
    expect([...((view.emitted<unknown[]>('update:selection')?.at(-1)?.[0] ?? []) as Set<number>)]).toEqual([
      1, 2,
    ])
    await userEvent.keyboard('{Control>}a{/Control}')
    expect(view.emitted('choose-all')).toHaveLength(1)
  })

  it('chooses the row on which a finger rests, and swallows the click that ends it', async () => {
    const view = show(rows(5), { selectable: true })
    await nextTick()
    const second = screen.getAllByRole('row')[2] as HTMLElement
    const touch = (type: string, x = 10): boolean =>
      second.dispatchEvent(
        new PointerEvent(type, {
          pointerType: 'touch',
          isPrimary: true,
          clientX: x,
          clientY: 10,
          bubbles: true,
        }),
      )
    // A finger that moves scrolls.
    touch('pointerdown')
    touch('pointermove', 60)
    await new Promise((resolve) => setTimeout(resolve, 550))
    expect(view.emitted('update:selection')).toBeUndefined()
    touch('pointerup', 60)
    touch('pointerdown')
    await vi.waitFor(() => expect(view.emitted('update:selection')).toHaveLength(1))
    touch('pointerup')
    second.click()
    expect(view.emitted('open')).toBeUndefined()
    second.click()
    expect(view.emitted('open')).toHaveLength(1)
  })

  it('cycles the order with the third click back to its own', async () => {
    const view = show(rows(3), { sort: 'status' })
    await nextTick()
    const status = screen.getByRole('button', { name: 'Status' })
    await userEvent.click(status)
    await view.rerender({ sort: '-status' })
    await userEvent.click(status)
    await view.rerender({ sort: 'name' })
    await userEvent.click(status)
    expect(view.emitted('sort')).toEqual([['-status'], [''], ['status']])
  })

  it('shows what it was given when there is nothing, and asks for more near the end', async () => {
    const view = show([], { hasMore: true })
    await nextTick()
    expect(screen.getByText('nothing')).toBeTruthy()
    expect(view.emitted('more')).toBeTruthy()
  })

  it('tells when somebody points at its rows', async () => {
    const view = show(rows(5))
    await nextTick()
    const body = screen.getAllByRole('rowgroup')[1] as HTMLElement
    body.dispatchEvent(new PointerEvent('pointerenter', { pointerType: 'mouse' }))
    await nextTick()
    body.dispatchEvent(new PointerEvent('pointerleave', { pointerType: 'mouse' }))
    await vi.waitFor(() => expect(view.emitted('held')).toEqual([[true], [false]]))
  })
})

describe('the columns', () => {
  it('are chosen, moved, sized, kept on this device and put into the address', () => {
    const address = link()
    const choice = columns(address)
    expect(choice.visible.value.map((c) => c.key)).toEqual(['name', 'status'])
    choice.toggle('note')
    choice.move('note', -1)
    expect(address.value.value).toBe('name,note,status')
    choice.resize('note', 5000)
    expect(columns().visible.value.map((c) => [c.key, c.width])).toEqual([
      ['name', 200],
      ['note', 640],
      ['status', 100],
    ])
    choice.move('note', -5)
    expect(choice.visible.value[0]?.key).toBe('name')
    choice.reset()
    expect([address.value.value, choice.visible.value.map((c) => c.key)]).toEqual([null, ['name', 'status']])
  })

  it('of a link win over one’s own', () => {
    const address = link()
    address.value.value = 'name,note'
    expect(columns(address).visible.value.map((c) => c.key)).toEqual(['name', 'note'])
  })
})
