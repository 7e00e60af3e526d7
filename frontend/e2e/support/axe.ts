import AxeBuilder from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'

/** Judges the page as it is by the rules of WCAG 2.2 AA; with `rules` by these only. */
export async function expectAccessible(page: Page, where: string, rules?: string[]): Promise<void> {
  const judge = new AxeBuilder({ page })
  const { violations } = await (
    rules ? judge.withRules(rules) : judge.withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
  ).analyze()
  const told = violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} at ${target.join(' ')}: ${failureSummary ?? ''}`),
  )
  expect.soft(told, `accessibility of ${where}`).toEqual([])
}
