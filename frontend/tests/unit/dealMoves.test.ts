import { flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { defineComponent, h } from 'vue'
import { Problem } from '@/api/problem'
import { Receipt } from '@/api/receipt'
import { rest } from '@/api/rest'
import type { Deal, Pipeline, Stage } from '@/api/types'
import { openQuestion } from '@/deal/questions'
import { i18n } from '@/i18n/i18n'
import { pendingMoves, useDealMoves } from '@/deal/useDealMoves'
import { toasts } from '@/ui/toasts'

const stage = (id: number, kind: Stage['kind'], required: Stage['required_fields'] = []): Stage => ({
  id,
  name: `Stage ${id}`,
  kind,
  win_probability: kind === 'won' ? 1 : 0.5,
  forecast_category: kind === 'won' ? 'committed' : 'pipeline',
  expected_days: null,
  colour: null,
  required_fields: required,
})
const pipeline = {
  id: 9,
  stages: [
    stage(1, 'open'),
    stage(2, 'open'),
    stage(3, 'open', ['next_step']),
    stage(4, 'won'),
    stage(5, 'lost'),
  ],
} as Pipeline
const of = (id: number): Stage => pipeline.stages.find((entry) => entry.id === id) as Stage

const cache = vi.hoisted(() => ({ put: vi.fn(), drop: vi.fn(), overlay: vi.fn() }))
const undo = vi.hoisted(() => ({ offer: vi.fn() }))
vi.mock('@/records/context', () => ({ useLive: () => ({ cache, undo }) }))
vi.mock('@/deal/usePipelines', () => ({
  usePipelines: () => ({ byId: () => pipeline, stage: (id: number) => of(id) }),
}))

vi.mock('@/records/useCustomFields', () => ({
  useCustomFields: () => ({ fields: { value: [{ key: 'budget' }] } }),
}))

const deal = (more: Partial<Deal> = {}): Deal =>
  ({
    id: 7,
    version: 3,
    name: 'Deal',
    pipeline_id: 9,
    stage_id: 1,
    stage: { id: 1, name: 'Stage 1', kind: 'open' },
    state: 'open',
    next_step: null,
    ...more,
  }) as Deal

const forVersion = (version: number): unknown => expect.objectContaining({ version })

let moves: ReturnType<typeof useDealMoves>
beforeEach(() => {
  toasts.splice(0)
  undo.offer.mockReset()
  pendingMoves.clear()
  cache.put.mockReset()
  cache.drop.mockReset()
  cache.overlay.mockReset()
  mount(
    defineComponent(() => {
      moves = useDealMoves()
      return () => h('div')
    }),
    { global: { plugins: [i18n] } },
  )
})
afterEach(() => {
  openQuestion.value?.answer(null)
})

const shownAt = (): number | undefined => pendingMoves.get(7)?.change(deal()).stage_id

describe('a move', () => {
  it('stands at once, is sent for the version that was seen, and is confirmed', async () => {
    const post = vi.spyOn(rest, 'post').mockResolvedValue(deal({ version: 4, stage_id: 2 }))
    const done = moves.move(deal(), of(2), 21)
    expect(pendingMoves.get(7)).toMatchObject({ afterId: 21 })
    expect(shownAt()).toBe(2)
    expect(await done).toBe(true)
    expect(post).toHaveBeenCalledExactlyOnceWith(
      '/deals/7/move',
      { stage_id: 2, after_id: 21 },
      forVersion(3),
    )
    expect(cache.put).toHaveBeenCalledWith('deals', forVersion(4))
    expect(pendingMoves.size).toBe(0)
    expect(undo.offer).toHaveBeenCalledExactlyOnceWith('deal.movedTo', expect.any(Receipt))
  })

  it('goes back with the reason when it is refused', async () => {
    vi.spyOn(rest, 'post').mockRejectedValue(new Problem(403, { detail: 'Not yours.' }))
    expect(await moves.move(deal(), of(2), null)).toBe(false)
    expect(pendingMoves.size).toBe(0)
    expect(cache.put).not.toHaveBeenCalled()
    expect(cache.overlay).toHaveBeenLastCalledWith('deals', expect.objectContaining({ stage_id: 1 }), 3)
    expect(toasts.at(-1)).toMatchObject({ text: 'Not yours.', tone: 'error' })
  })

  it('is sent again when a colleague has changed something else', async () => {
    const post = vi
      .spyOn(rest, 'post')
      .mockRejectedValueOnce(
        new Problem(412, { current: deal({ version: 8, name: 'Other' }), changed_fields: ['name'] }),
      )
      .mockResolvedValue(deal({ version: 9, stage_id: 2 }))
    expect(await moves.move(deal(), of(2), null)).toBe(true)
    expect(post).toHaveBeenLastCalledWith('/deals/7/move', { stage_id: 2, after_id: null }, forVersion(8))
  })

  it('gives way when a colleague has moved the same deal', async () => {
    const current = deal({ version: 8, stage_id: 3 })
    vi.spyOn(rest, 'post').mockRejectedValue(
      new Problem(412, { current, changed_fields: ['stage_id', 'rank'] }),
    )
    expect(await moves.move(deal(), of(2), null)).toBe(false)
    expect(cache.put).toHaveBeenCalledWith('deals', current)
    expect(toasts.at(-1)?.tone).toBe('error')
  })

  it('goes to the top when its neighbour has left', async () => {
    const post = vi
      .spyOn(rest, 'post')
      .mockRejectedValueOnce(
        new Problem(422, { errors: [{ pointer: '#/after_id', code: 'unknown_record', detail: '' }] }),
      )
      .mockResolvedValue(deal({ version: 4, stage_id: 2 }))
    expect(await moves.move(deal(), of(2), 21)).toBe(true)
    expect(post).toHaveBeenLastCalledWith('/deals/7/move', { stage_id: 2, after_id: null }, forVersion(3))
  })

  it('waits for the one before it, and is given up with it', async () => {
    const answers: ((record: Deal) => void)[] = []
    const post = vi
      .spyOn(rest, 'post')
      .mockImplementation(() => new Promise((resolve) => answers.push(resolve as (record: Deal) => void)))
    const first = moves.move(deal(), of(2), null)
    const second = moves.move(deal(), of(1), null)
    await flushPromises()
    expect(post).toHaveBeenCalledTimes(1)
    expect(shownAt()).toBe(1)
    answers[0]?.(deal({ version: 4, stage_id: 2 }))
    await first
    await flushPromises()
    expect(post).toHaveBeenLastCalledWith('/deals/7/move', { stage_id: 1, after_id: null }, forVersion(4))
    answers[1]?.(deal({ version: 5 }))
    expect(await second).toBe(true)

    post.mockRejectedValue(new Problem(403, { detail: 'No.' }))
    post.mockClear()
    const results = await Promise.all([moves.move(deal(), of(2), null), moves.move(deal(), of(1), null)])
    expect(results).toEqual([false, false])
    expect(post).toHaveBeenCalledTimes(1)
  })

  it('asks for what the stage requires, stores it, and goes on for the new version', async () => {
    const patch = vi.spyOn(rest, 'patch').mockResolvedValue(deal({ version: 4, next_step: 'Call' }))
    const post = vi.spyOn(rest, 'post').mockResolvedValue(deal({ version: 5, stage_id: 3 }))
    const done = moves.move(deal(), of(3), null)
    await flushPromises()
    const question = openQuestion.value
    expect(question).toMatchObject({ kind: 'fields', fields: ['next_step'] })
    expect(shownAt()).toBe(3)
    if (question?.kind === 'fields') question.answer(await question.save({ next_step: 'Call' }))
    expect(await done).toBe(true)
    expect(patch).toHaveBeenCalledWith('/deals/7', { next_step: 'Call' }, forVersion(3))
    expect(post).toHaveBeenCalledWith('/deals/7/move', expect.anything(), forVersion(4))
  })

  it('returns when the person turns away from the question', async () => {
    const post = vi.spyOn(rest, 'post')
    const done = moves.move(deal(), of(3), null)
    await flushPromises()
    openQuestion.value?.answer(null)
    expect(await done).toBe(false)
    expect(post).not.toHaveBeenCalled()
    expect(pendingMoves.size).toBe(0)
  })
})

describe('losing', () => {
  it('asks for the reason first; a drop on a lost stage does the same', async () => {
    const post = vi.spyOn(rest, 'post').mockResolvedValue(deal({ version: 4, stage_id: 5, state: 'lost' }))
    const done = moves.move(deal(), of(5), null)
    await flushPromises()
    expect(openQuestion.value?.kind).toBe('loss')
    expect(shownAt()).toBe(5)
    if (openQuestion.value?.kind === 'loss')
      openQuestion.value.answer({ reason: 'price', note: null, closed_on: null })
    expect(await done).toBe(true)
    expect(post).toHaveBeenCalledExactlyOnceWith('/deals/7/lose', { reason: 'price' }, forVersion(3))
  })
})
