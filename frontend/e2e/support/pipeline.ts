import type { Locator, Page } from '@playwright/test'
import { unique, type Cast } from './cast'

/** A pipeline of one journey's own, so that the sums of its columns are known. */
export interface Stages {
  id: number
  /** Ids of the stages by name. */
  stage: Record<string, number>
}

/** Makes a pipeline: Contact, Proposal, Negotiation, Won, Lost. */
export async function makePipeline(cast: Cast, required: string[] = []): Promise<Stages> {
  const made = await cast.root.post<{ id: number; stages: { id: number; name: string }[] }>('/pipelines', {
    name: `Pipeline ${unique()}`,
    team_id: await cast.team(),
    stages: [
      { name: 'Contact', kind: 'open', win_probability: 0.1, expected_days: 14 },
      { name: 'Proposal', kind: 'open', win_probability: 0.5, expected_days: 14 },
      { name: 'Negotiation', kind: 'open', win_probability: 0.8, required_fields: required },
      { name: 'Won', kind: 'won', win_probability: 1 },
      { name: 'Lost', kind: 'lost', win_probability: 0 },
    ],
  })
  return { id: made.id, stage: Object.fromEntries(made.stages.map(({ id, name }) => [name, id])) }
}

/** A column of the board; its name tells how many deals it holds and what they are worth. */
export function column(page: Page, stage: string): Locator {
  return page.getByRole('region', { name: new RegExp(`^${stage} `) })
}

/** A card of the board. */
export function card(page: Page, name: string): Locator {
  return page.getByRole('link', { name: new RegExp(`^${name},`) })
}
