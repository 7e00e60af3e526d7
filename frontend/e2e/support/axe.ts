import AxeBuilder from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'

/** Lets movements come to their end: half-way between two themes no text has its contrast. */
async function atRest(page: Page): Promise<void> {
  await page.evaluate(async () => {
    // Two frames, for what has just changed to begin its transitions.
    for (let frame = 0; frame < 2; frame += 1) await new Promise((resolve) => requestAnimationFrame(resolve))
    const ending = document
      .getAnimations()
      .filter((one) => one.effect?.getComputedTiming().endTime !== Infinity)
    await Promise.allSettled(ending.map((one) => one.finished))
  })
}

/** Judges the page as it is by the rules of WCAG 2.2 AA; with `rules` by these only. */
export async function expectAccessible(page: Page, where: string, rules?: string[]): Promise<void> {
  // Nothing may begin to move meanwhile either: a tip that fades in has no contrast yet.
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await atRest(page)
  const { violations } = await new AxeBuilder({ page })
    // No page of ours holds one of another origin: without looking for such, and for what is all right, it takes a third.
    .setLegacyMode(true)
    .options({
      resultTypes: ['violations'],
      runOnly: rules ?? ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
    })
    .analyze()
  await page.emulateMedia({ reducedMotion: null })
  const told = violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} at ${target.join(' ')}: ${failureSummary ?? ''}`),
  )
  expect.soft(told, `accessibility of ${where}`).toEqual([])
}
