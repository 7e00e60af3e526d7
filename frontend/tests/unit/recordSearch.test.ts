import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { render, waitFor } from '@testing-library/vue'
import { expect, it, vi } from 'vitest'
import { defineComponent, h } from 'vue'
import { rest } from '@/api/rest'
import { useRecordSearch } from '@/records/useRecordSearch'

it('answers each field with what it asks for, whoever has searched for the same words', async () => {
  const row = { id: 1, name: 'Crane', price: '5.00', can_write: true }
  const get = vi.spyOn(rest, 'get').mockImplementation((_path, query) => {
    const wanted = String(query?.['fields'] ?? Object.keys(row).join()).split(',')
    return Promise.resolve({
      data: [Object.fromEntries(Object.entries(row).filter(([name]) => wanted.includes(name)))],
    }) as never
  })
  const found: ReturnType<typeof useRecordSearch<{ id: number }>>[] = []
  const page = defineComponent(() => {
    found.push(
      useRecordSearch('products', { fields: 'id,name' }, true),
      useRecordSearch('products', {}, true),
    )
    for (const one of found) one.term.value = ' cr '
    return () => h('div')
  })
  const queryClient = new QueryClient()
  render(page, { global: { plugins: [[VueQueryPlugin, { queryClient }]] } })
  await waitFor(() => expect(found.map(({ records }) => records.value.length)).toEqual([1, 1]))
  expect(found.map(({ records }) => records.value[0])).toEqual([{ id: 1, name: 'Crane' }, row])
  expect(get.mock.calls.map(([, query]) => query?.['q'])).toEqual(['', '', 'cr', 'cr'])
  queryClient.clear()
})
