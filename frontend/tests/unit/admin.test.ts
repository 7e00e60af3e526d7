import { render, screen } from '@testing-library/vue'
import userEvent from '@testing-library/user-event'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { defineComponent, h, ref, type Component } from 'vue'
import type { Pipeline } from '@/api/types'
import ConfirmDialog from '@/admin/ConfirmDialog.vue'
import { optionValue } from '@/admin/optionLists'
import { dropIndex, moved, rankChanges } from '@/ui/ordering'
import { makePassword } from '@/admin/password'
import {
  bodyOf,
  draftOf,
  goalsOf,
  movesOf,
  newStage,
  percentText,
  repeatedNames,
  withoutStage,
  withStage,
} from '@/admin/pipelineDraft'
import SortableList from '@/admin/SortableList.vue'
import { teamTree, withDescendants } from '@/admin/teamTree'
import { changedFields, textOrNull } from '@/admin/useEditForm'
import { i18n, loadAllWords, setLocale } from '@/i18n/i18n'

describe('the order of options', () => {
  const ranked = (...ranks: number[]) => ranks.map((rank, index) => ({ id: index + 1, rank }))
  const apply = (items: { id: number; rank: number }[]): number[] => {
    const changes = rankChanges(items)
    return items.map(({ id, rank }) => changes.get(id) ?? rank)
  }

  it('writes nothing when it is right already', () => {
    expect(rankChanges(ranked(0, 5, 9)).size).toBe(0)
    expect(rankChanges([]).size).toBe(0)
  })

  it('writes the moved one alone where there is room', () => {
    const items = ranked(10, 20, 30, 40)
    expect([...rankChanges(moved(items, 3, 1))]).toEqual([[4, 15]])
    expect([...rankChanges(moved(items, 0, 3))]).toEqual([[1, 50]])
    expect([...rankChanges(moved(items, 3, 0))]).toEqual([[4, 4]])
  })

  it('makes room where there is none, and always ends rising', () => {
    for (const items of [ranked(0, 1, 2, 3), ranked(0, 0, 0), ranked(1000, 1000, 1000, 5)]) {
      for (let from = 0; from < items.length; from += 1)
        for (let to = 0; to < items.length; to += 1) {
          const ranks = apply(moved(items, from, to))
          expect(ranks.every((rank, at) => rank >= 0 && (at === 0 || rank > (ranks[at - 1] ?? 0)))).toBe(true)
        }
    }
  })

  it('drops above or below the row that is pointed at', () => {
    const items = ['a', 'b', 'c', 'd']
    const drop = (from: number, over: number, edge: 'above' | 'below'): string =>
      moved(items, from, dropIndex(from, over, edge)).join('')
    expect(drop(0, 2, 'above')).toBe('bacd')
    expect(drop(0, 2, 'below')).toBe('bcad')
    expect(drop(3, 0, 'above')).toBe('dabc')
    expect(drop(3, 1, 'below')).toBe('abdc')
    expect(drop(1, 1, 'below')).toBe('abcd')
  })
})

describe('teams', () => {
  const team = (id: number, name: string, parent_id: number | null) => ({ id, name, parent_id })

  it('stand in the order of their tree, siblings by name', () => {
    const teams = [team(1, 'b', null), team(2, 'z', 1), team(3, 'a', null), team(4, 'y', 1), team(5, 'x', 2)]
    expect(teamTree(teams, 'en').map(({ team: { name }, depth }) => `${depth}${name}`)).toEqual([
      '0a',
      '0b',
      '1y',
      '1z',
      '2x',
    ])
  })

  it('are all there even when a parent is gone or a circle has slipped in', () => {
    expect(teamTree([team(1, 'a', 9)], 'en')).toHaveLength(1)
    expect(teamTree([team(1, 'a', 2), team(2, 'b', 1)], 'en')).toHaveLength(2)
  })

  it('know what lies below them', () => {
    const teams = [team(1, 'a', null), team(2, 'b', 1), team(3, 'c', 2), team(4, 'd', null)]
    expect([...withDescendants(teams, 1)].sort()).toEqual([1, 2, 3])
  })
})

describe('a pipeline that is being edited', () => {
  const stage = (id: number, name: string, kind: 'open' | 'won' | 'lost', win_probability: number) => ({
    id,
    name,
    kind,
    win_probability,
    expected_days: kind === 'open' ? 14 : null,
    colour: null,
    required_fields: [],
  })
  const pipeline = {
    id: 1,
    version: 3,
    name: 'Sales',
    team_id: null,
    stages: [
      stage(1, 'A', 'open', 0.1),
      stage(2, 'B', 'open', 0.55),
      stage(3, 'C', 'open', 0.2871),
      stage(4, 'Won', 'won', 1),
    ],
  } as unknown as Pipeline

  it('sends what it was read as when nothing was changed', () => {
    const draft = draftOf(pipeline)
    expect(draft.stages.map(({ probability }) => probability)).toEqual(['10', '55', '28.71', '100'])
    expect(bodyOf(draft)).toEqual({ name: 'Sales', team_id: null, stages: pipeline.stages })
    expect(changedFields(bodyOf(draftOf(pipeline)), bodyOf(draft))).toEqual({})
  })

  it('reads percent in any width, and leaves nonsense to the server', () => {
    const draft = draftOf(pipeline)
    Object.assign(draft.stages[0] ?? {}, { probability: '１２．５％', days: ' 7 ' })
    Object.assign(draft.stages[1] ?? {}, { probability: 'half', days: 'x' })
    expect(bodyOf(draft).stages[0]).toMatchObject({ win_probability: 0.125, expected_days: 7 })
    expect(bodyOf(draft).stages[1]).toMatchObject({ win_probability: 'half', expected_days: 'x' })
    expect(percentText(0.07)).toBe('7')
  })

  it('puts a new open stage before the ends, and another end last', () => {
    const draft = draftOf(pipeline)
    const names = (kind: 'open' | 'lost') =>
      withStage(draft.stages, newStage(kind, 'new')).map(({ name }) => name)
    expect(names('open')).toEqual(['A', 'B', 'C', 'new', 'Won'])
    expect(names('lost').at(-1)).toBe('new')
    expect(bodyOf({ ...draft, stages: [newStage('lost', 'x')] }).stages[0]).toEqual({
      name: 'x',
      kind: 'lost',
      forecast_category: null,
      win_probability: 0,
      expected_days: null,
      colour: null,
      required_fields: [],
    })
  })

  it('names where the deals of a removed stage go, and follows when the goal goes too', () => {
    let draft = draftOf(pipeline)
    const first = draft.stages[0]
    expect(first && goalsOf(draft, first).map(({ name }) => name)).toEqual(['B', 'C'])
    draft = withoutStage(draft, 's1', 2)
    expect(movesOf(draft)).toEqual([{ from_stage_id: 1, to_stage_id: 2 }])
    draft = withoutStage(draft, 's2', 3)
    expect(movesOf(draft)).toEqual([
      { from_stage_id: 1, to_stage_id: 3 },
      { from_stage_id: 2, to_stage_id: 3 },
    ])
    expect(draft.stages.map(({ name }) => name)).toEqual(['C', 'Won'])
  })

  it('forgets a new stage without a trace, and tells names that stand twice', () => {
    const draft = draftOf(pipeline)
    const added = newStage('open', ' a ')
    const stages = withStage(draft.stages, added)
    expect([...repeatedNames(stages)]).toEqual(['a'])
    expect(withoutStage({ ...draft, stages }, added.key, null)).toEqual(draft)
  })
})

describe('small things of administration', () => {
  it('make a value of an option from its labels', () => {
    expect(optionValue('转介绍', 'Word of mouth!')).toBe('word_of_mouth')
    expect(optionValue('展会', 'Café')).toBe('cafe')
    expect(optionValue('展会', '')).toBe('展会')
    expect(optionValue('', '展会 ')).toBe('展会')
    expect(optionValue('', 'x'.repeat(80))).toHaveLength(60)
  })

  it('make passwords that can be read out', () => {
    const made = new Set(Array.from({ length: 50 }, makePassword))
    expect(made.size).toBe(50)
    for (const password of made) expect(password).toMatch(/^([a-hjkmnp-z2-9]{4}-){3}[a-hjkmnp-z2-9]{4}$/)
  })

  it('send only what was changed', () => {
    expect(changedFields({ a: 1, b: [1], c: null }, { a: 1, b: [2], c: undefined, d: 'x' })).toEqual({
      b: [2],
      d: 'x',
    })
    expect([textOrNull('  '), textOrNull(' a '), textOrNull(null)]).toEqual([null, 'a', null])
  })
})

describe('parts of administration', () => {
  beforeEach(async () => {
    await setLocale('en')
    await loadAllWords()
  })
  const global = { plugins: [i18n] }

  it('let rows be moved by keys, keep the focus and say where they went', async () => {
    const user = userEvent.setup()
    const items = ref(['a', 'b', 'c'])
    const list = defineComponent(
      () => () =>
        h(
          SortableList as Component,
          {
            items: items.value,
            itemKey: (item: string) => item,
            itemLabel: (item: string) => item,
            label: 'list',
            onMove: (from: number, to: number) => (items.value = moved(items.value, from, to)),
          },
          { default: ({ item }: { item: string }) => item },
        ),
    )
    render(list, { global })
    const handle = screen.getByRole('button', { name: /“a”/ })
    handle.focus()
    await user.keyboard('{ArrowDown}{ArrowDown}{ArrowDown}')
    expect(items.value).toEqual(['b', 'c', 'a'])
    expect(document.activeElement).toBe(screen.getByRole('button', { name: /“a”/ }))
    expect(screen.getByRole('status').textContent).toBe('“a” moved to place 3 of 3')
  })

  it('ask for the name before something grave, and stay open when it is refused', async () => {
    const user = userEvent.setup()
    const run = vi.fn().mockRejectedValueOnce(new Error('no')).mockResolvedValue(undefined)
    const page = render(ConfirmDialog, {
      props: { title: 'Delete?', text: 'For good.', action: 'Delete', typed: '流程 A', run },
      global,
    })
    const button = await screen.findByRole('button', { name: 'Delete' })
    expect(button).toHaveProperty('disabled', true)
    await user.type(screen.getByRole('textbox'), '流程 A')
    expect(button).toHaveProperty('disabled', false)
    await user.click(button)
    expect(screen.getByRole('alert').textContent).toContain('went wrong')
    expect(page.emitted('close')).toBeUndefined()
    await user.click(button)
    expect(run).toHaveBeenCalledTimes(2)
    expect(page.emitted('close')).toHaveLength(1)
  })
})
