import type { Pipeline, Stage } from '@/api/types'
import { fold } from '@/records/listSpec'
import type { Changes } from '@/records/save'

/** What a stage means for its deals. */
export type StageKind = Stage['kind']
/** The fields of the product that a stage may ask for, in the order of a deal's page. */
export const requirable = [
  'customer_id',
  'people',
  'amount',
  'lines',
  'opened_on',
  'expected_close_on',
  'next_step',
  'next_step_on',
  'source',
  'competitors',
  'description',
] as const

/** A stage as it is being edited: numbers are what was typed. */
export interface StageDraft {
  key: string
  /** Null for one that is new. */
  id: number | null
  name: string
  kind: StageKind
  /** Percent. */
  probability: string
  days: string
  /** Null follows from the probability. */
  forecast: string | null
  colour: string | null
  /** Custom fields by `custom.` and their keys. */
  required: string[]
}

/** A stage that goes, and where its deals go; null where it holds none. */
export interface StageRemoval {
  id: number
  name: string
  kind: StageKind
  to: number | null
}

/** A pipeline as it is being edited. */
export interface PipelineDraft {
  name: string
  team_id: string | null
  stages: StageDraft[]
  removed: StageRemoval[]
}

const certain: Record<StageKind, number | null> = { open: null, won: 1, lost: 0 }

/** A rate as percent, without noise of the last digits. */
export function percentText(rate: number | null): string {
  return rate === null ? '' : String(Math.round(rate * 10_000) / 100)
}

/** The forecast category of a stage for which nobody has chosen another one. */
function usualCategory({ kind, win_probability }: Stage): Stage['forecast_category'] {
  const rate = win_probability ?? 0
  if (kind !== 'open') return kind === 'won' ? 'committed' : 'omitted'
  return rate >= 0.9 ? 'committed' : rate >= 0.5 ? 'best_case' : 'pipeline'
}

/** A pipeline as it begins to be edited. */
export function draftOf(pipeline: Pipeline): PipelineDraft {
  return {
    name: pipeline.name,
    team_id: pipeline.team_id === null ? null : String(pipeline.team_id),
    stages: pipeline.stages.map((stage) => ({
      key: `s${stage.id}`,
      id: stage.id,
      name: stage.name,
      kind: stage.kind,
      probability: percentText(stage.win_probability),
      days: stage.expected_days === null ? '' : String(stage.expected_days),
      forecast: stage.forecast_category === usualCategory(stage) ? null : stage.forecast_category,
      colour: stage.colour,
      required: [...stage.required_fields],
    })),
    removed: [],
  }
}

let made = 0

/** A new stage of a kind, to be filled in. */
export function newStage(kind: StageKind, name = '', probability = 0.5): StageDraft {
  made += 1
  return {
    key: `n${made}`,
    id: null,
    name,
    kind,
    probability: percentText(certain[kind] ?? probability),
    days: '',
    forecast: null,
    colour: null,
    required: [],
  }
}

/** Puts a stage where its kind belongs: an open one before the stages that end a deal, others last. */
export function withStage(stages: readonly StageDraft[], stage: StageDraft): StageDraft[] {
  const end = stages.findIndex((other) => other.kind !== 'open')
  const at = stage.kind === 'open' && end >= 0 ? end : stages.length
  return stages.toSpliced(at, 0, stage)
}

/** The stages to which the deals of another one can go: of the same kind, and known to the server already. */
export function goalsOf(draft: PipelineDraft, stage: StageDraft): StageDraft[] {
  return draft.stages.filter(
    (other) => other.key !== stage.key && other.kind === stage.kind && other.id !== null,
  )
}

/**
 * Takes a stage away. Deals that were to go to it from a stage removed before go on to where its own deals go.
 *
 * @param to Where its deals go; null when it holds none.
 */
export function withoutStage(draft: PipelineDraft, key: string, to: number | null): PipelineDraft {
  const stage = draft.stages.find((other) => other.key === key)
  if (!stage) return draft
  const { id } = stage
  const removed =
    id === null ? draft.removed : draft.removed.map((one) => (one.to === id ? { ...one, to } : one))
  return {
    ...draft,
    stages: draft.stages.filter((other) => other.key !== key),
    removed: id === null ? removed : [...removed, { id, name: stage.name, kind: stage.kind, to }],
  }
}

function numberOr(text: string): number | string | null {
  const plain = text.normalize('NFKC').trim()
  if (plain === '') return null
  const value = Number(plain)
  // What is no number goes to the server as it is, whose message lands on the field.
  return Number.isFinite(value) ? value : plain
}

function rate(text: string): number | string | null {
  const value = numberOr(text.replace(/[%％]/g, ''))
  return typeof value === 'number' ? Math.round(value * 100) / 10_000 : value
}

/** What the server is told of a draft. */
export function bodyOf(draft: PipelineDraft): Changes & { stages: Changes[] } {
  return {
    name: draft.name.trim(),
    team_id: draft.team_id === null ? null : Number(draft.team_id),
    stages: draft.stages.map((stage) => ({
      ...(stage.id === null ? {} : { id: stage.id }),
      name: stage.name.trim(),
      kind: stage.kind,
      win_probability: certain[stage.kind] ?? rate(stage.probability),
      forecast_category: stage.forecast,
      expected_days: numberOr(stage.days),
      colour: stage.colour,
      required_fields: [...stage.required],
    })),
  }
}

/** The moves that go with the body of an edit. */
export function movesOf(draft: PipelineDraft): { from_stage_id: number; to_stage_id: number }[] {
  return draft.removed.flatMap(({ id, to }) => (to === null ? [] : [{ from_stage_id: id, to_stage_id: to }]))
}

/** Names that stand twice among the stages: allowed by the server, and never meant. */
export function repeatedNames(stages: readonly StageDraft[]): ReadonlySet<string> {
  const seen = new Set<string>()
  const twice = new Set<string>()
  for (const { name } of stages) {
    const key = fold(name.trim())
    if (key && seen.has(key)) twice.add(key)
    seen.add(key)
  }
  return twice
}
