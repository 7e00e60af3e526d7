import { QueryClient } from '@tanstack/vue-query'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { createApp } from 'vue'
import { Problem } from '@/api/problem'
import { rest } from '@/api/rest'
import { askConflict, openConflict } from '@/records/conflicts'
import { SaveCancelled } from '@/records/cancelled'
import { provideLive, type Live } from '@/records/context'
import { recordKey } from '@/records/keys'
import { LiveCache } from '@/records/live'
import { conflictsOf, patchWithConflict, useSave } from '@/records/save'

const base = {
  id: 1,
  version: 1,
  name: 'a',
  phone: '1',
  address: { city: null, street: null } as Record<string, unknown>,
}
const stale = (current: object, changed: string[]): Problem =>
  new Problem(412, { type: '/problems/stale', current, changed_fields: changed })

const patch = vi.fn<typeof rest.patch<unknown>>()
beforeEach(() => {
  patch.mockReset()
  vi.spyOn(rest, 'patch').mockImplementation(patch as typeof rest.patch)
})

describe('saving', () => {
  it('wins together with somebody who changed other fields', async () => {
    const theirs = { ...base, version: 2, phone: '2' }
    patch
      .mockRejectedValueOnce(stale(theirs, ['phone']))
      .mockResolvedValueOnce({ ...theirs, version: 3, name: 'b' })
    const ask = vi.fn()
    await expect(patchWithConflict('/customers/1', base, { name: 'b' }, ask)).resolves.toMatchObject({
      name: 'b',
      phone: '2',
    })
    expect(ask).not.toHaveBeenCalled()
    expect(patch.mock.calls.map(([, body, options]) => [body, options?.version])).toEqual([
      [{ name: 'b' }, 1],
      [{ name: 'b' }, 2],
    ])
  })

  it('asks about a field that both changed, and keeps what was chosen', async () => {
    const theirs = { ...base, version: 2, name: 'theirs', phone: '2' }
    patch
      .mockRejectedValueOnce(stale(theirs, ['name', 'phone']))
      .mockResolvedValueOnce({ ...theirs, version: 3 })
    const ask = vi.fn(() => Promise.resolve({ name: 'theirs' as const, phone: 'mine' as const }))
    await patchWithConflict('/customers/1', base, { name: 'mine', phone: '3' }, ask)
    expect(ask).toHaveBeenCalledWith(
      [
        { field: 'name', mine: 'mine', theirs: 'theirs' },
        { field: 'phone', mine: '3', theirs: '2' },
      ],
      theirs,
    )
    expect(patch.mock.calls.at(-1)?.slice(1)).toEqual([{ phone: '3' }, { version: 2 }])
  })

  it('sends nothing more when everything of theirs was taken', async () => {
    const theirs = { ...base, version: 2, name: 'theirs' }
    patch.mockRejectedValueOnce(stale(theirs, ['name']))
    const done = patchWithConflict('/customers/1', base, { name: 'mine' }, () =>
      Promise.resolve({ name: 'theirs' }),
    )
    await expect(done).resolves.toBe(theirs)
    expect(patch).toHaveBeenCalledOnce()
  })

  it('is cancelled by closing the question', async () => {
    patch.mockRejectedValueOnce(stale({ ...base, version: 2, name: 'x' }, ['name']))
    const done = patchWithConflict('/customers/1', base, { name: 'mine' }, () => Promise.resolve(null))
    await expect(done).rejects.toBeInstanceOf(SaveCancelled)
  })

  it('passes other refusals on', async () => {
    patch.mockRejectedValueOnce(new Problem(422))
    await expect(patchWithConflict('/customers/1', base, { name: '' }, vi.fn())).rejects.toMatchObject({
      status: 422,
    })
  })
})

describe('a conflict', () => {
  it('is none when both wrote the same, or two keys of one address', () => {
    expect(conflictsOf({ name: 'x' }, base, { ...base, name: 'x' }, ['name'])).toEqual([])
    const current = { ...base, address: { city: '上海', street: null } }
    expect(conflictsOf({ address: { street: 'a' } }, base, current, ['address'])).toEqual([])
    expect(conflictsOf({ address: { city: '北京' } }, base, current, ['address.city'])).toHaveLength(1)
  })

  it('is asked one after the other', async () => {
    const conflict = { fields: [], changedAt: null }
    const first = askConflict(conflict)
    const second = askConflict(conflict)
    await vi.waitFor(() => expect(openConflict.value).not.toBeNull())
    openConflict.value?.answer({ name: 'mine' })
    expect(await first).toEqual({ name: 'mine' })
    await vi.waitFor(() => expect(openConflict.value).not.toBeNull())
    openConflict.value?.answer(null)
    expect(await second).toBeNull()
  })
})

describe('saves in a row', () => {
  const task = { id: 1, version: 4, subject: 'a', priority: 'low', assignee_id: 1 }
  const queries = new QueryClient()
  const app = createApp({})
  provideLive(app, { cache: new LiveCache(queries), undo: { offer: vi.fn() } } as unknown as Live)
  const save = app.runWithContext(() => useSave('tasks')) as unknown as (
    record: typeof task,
    changes: object,
  ) => Promise<typeof task>
  const shown = (): unknown => queries.getQueryData(recordKey('tasks', 1))

  interface Answer {
    resolve: (value: unknown) => void
    reject: (reason: Error) => void
  }
  /** Answers that are given by hand, in the order of the questions. */
  function byHand(): Answer[] {
    const answers: Answer[] = []
    patch.mockImplementation(() => new Promise((resolve, reject) => answers.push({ resolve, reject })))
    return answers
  }
  const sent = (): unknown[] => patch.mock.calls.map(([, body, options]) => [body, options?.version])
  const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve))

  it('of one person go one after the other, each for the version the last has made; both are shown', async () => {
    queries.setQueryData(recordKey('tasks', 1), task)
    const answers = byHand()
    const done = [save(task, { priority: 'high' }), save({ ...task, priority: 'high' }, { assignee_id: 2 })]
    await settle()
    expect(sent()).toEqual([[{ priority: 'high' }, 4]])
    expect(shown()).toMatchObject({ version: 4, priority: 'high', assignee_id: 2 })
    answers[0]?.resolve({ ...task, version: 5, priority: 'high' })
    await settle()
    expect(sent().at(-1)).toEqual([{ assignee_id: 2 }, 5])
    expect(shown()).toMatchObject({ version: 5, priority: 'high', assignee_id: 2 })
    answers[1]?.resolve({ ...task, version: 6, priority: 'high', assignee_id: 2 })
    await Promise.all(done)
    expect(shown()).toMatchObject({ version: 6, assignee_id: 2 })
    // A dialog that was open meanwhile still holds the first version.
    const late = save(task, { subject: 'b' })
    await settle()
    expect(sent().at(-1)).toEqual([{ subject: 'b' }, 6])
    answers[2]?.resolve({ ...task, version: 7, subject: 'b' })
    await late
  })

  it('are for the version that was seen where somebody else came between, or the first was refused', async () => {
    const other = { ...task, id: 2 }
    const answers = byHand()
    const done = [save(other, { priority: 'high' }), save(other, { assignee_id: 2 })]
    await settle()
    answers[0]?.resolve({ ...other, version: 6 })
    await settle()
    expect(sent().at(-1)).toEqual([{ assignee_id: 2 }, 4])
    answers[1]?.resolve({ ...other, version: 7 })
    await Promise.all(done)
    const others = [save(other, { subject: '' }), save(other, { assignee_id: 3 })]
    await settle()
    answers[2]?.reject(new Problem(422, { type: '/problems/invalid' }))
    await expect(others[0]).rejects.toBeInstanceOf(Problem)
    await settle()
    expect(sent().at(-1)).toEqual([{ assignee_id: 3 }, 4])
    answers[3]?.resolve({ ...other, version: 5 })
    await others[1]
  })
})
