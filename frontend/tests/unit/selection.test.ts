import { describe, expect, it } from 'vitest'
import { nextTick, ref } from 'vue'
import type { ListChoice } from '@/records/listState'
import { queryOf, useSelection } from '@/records/selection'

const rowsOf = (...ids: number[]): { id: number }[] => ids.map((id) => ({ id }))

function make(ids: number[], hasMore = false) {
  const rows = ref(rowsOf(...ids))
  const more = ref(hasMore)
  const choice = ref<ListChoice>({ q: '', sort: 'name', filters: {} })
  const selection = useSelection({
    rows: () => rows.value,
    hasMore: () => more.value,
    total: () => 250,
    choice: () => choice.value,
  })
  return { rows, more, choice, selection }
}

describe('the selection of a list', () => {
  it('holds single records by their ids', () => {
    const { selection } = make([1, 2, 3])
    selection.choose([1, 3])
    expect(selection.count.value).toBe(2)
    expect(selection.target.value).toEqual({ ids: [1, 3] })
    selection.clear()
    expect(selection.target.value).toEqual({ ids: [] })
  })

  it('is the query of the list where all are chosen, loaded or not', () => {
    const { selection, rows, choice } = make([1, 2], true)
    choice.value = { q: '杭州 & co', sort: '-name', filters: { tag: ['VIP', '潜在'], level: ['A'] } }
    expect(selection.canChooseAll.value).toBe(true)
    selection.chooseAll()
    expect(selection.count.value).toBe(250)
    expect([...selection.chosen.value]).toEqual([1, 2])
    // What is loaded later is chosen too.
    rows.value = rowsOf(1, 2, 3)
    expect([...selection.chosen.value]).toEqual([1, 2, 3])
    const { query } = selection.target.value as { query: string }
    const asked = new URLSearchParams(query)
    expect(asked.getAll('tag')).toEqual(['VIP', '潜在'])
    expect(Object.fromEntries(asked)).toMatchObject({ level: 'A', q: '杭州 & co', sort: '-name' })
    // Letting one go leaves the others that are loaded.
    selection.chosen.value = new Set([1, 3])
    expect(selection.isAll.value).toBe(false)
    expect(selection.target.value).toEqual({ ids: [1, 3] })
  })

  it('is made of single records where all are loaded', () => {
    const { selection } = make([1, 2])
    selection.chooseAll()
    expect(selection.target.value).toEqual({ ids: [1, 2] })
  })

  it('counts what has left the list, and lets it go when asked', async () => {
    const { selection, rows } = make([1, 2, 3])
    selection.choose([1, 2])
    rows.value = rowsOf(1, 3)
    await nextTick()
    expect(selection.leftCount.value).toBe(1)
    expect(selection.target.value).toEqual({ ids: [1, 2] })
    // It comes back.
    rows.value = rowsOf(1, 2, 3)
    await nextTick()
    expect(selection.leftCount.value).toBe(0)
    rows.value = rowsOf(3)
    await nextTick()
    expect(selection.leftCount.value).toBe(2)
    selection.dropLeft()
    expect(selection.count.value).toBe(0)
    expect(selection.leftCount.value).toBe(0)
  })

  it('ends with another question to the list', async () => {
    const { selection, choice } = make([1, 2], true)
    selection.choose([1])
    choice.value = { q: 'acme', sort: 'name', filters: {} }
    await nextTick()
    expect(selection.count.value).toBe(0)
    selection.chooseAll()
    choice.value = { q: '', sort: 'name', filters: {} }
    await nextTick()
    expect(selection.isAll.value).toBe(false)
  })

  it('writes a choice as the address of a list has it', () => {
    expect(queryOf({ q: '', sort: 'name', filters: {} })).toBe('sort=name')
  })
})
