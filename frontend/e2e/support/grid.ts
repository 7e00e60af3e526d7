import { expect, type Locator, type Page } from '@playwright/test'

/** The open list. */
export function grid(page: Page): Locator {
  return page.getByRole('grid')
}

/** The row of a record, by a word in it. */
export function row(page: Page, text: string | RegExp): Locator {
  return grid(page).getByRole('row').filter({ hasText: text })
}

/** How many records the list holds, as it tells assistive technology. */
export async function expectTotal(page: Page, total: number): Promise<void> {
  await expect(grid(page)).toHaveAttribute('aria-rowcount', String(total + 1))
}

/** Names of the records in view, from top to bottom. */
export async function names(page: Page): Promise<string[]> {
  return grid(page)
    .getByRole('row')
    .locator('a[href^="/customers/"] bdi')
    .evaluateAll((links) =>
      links
        .map((link) => ({ text: link.textContent ?? '', top: link.getBoundingClientRect().top }))
        .sort((a, b) => a.top - b.top)
        .map(({ text }) => text),
    )
}

/** The button that opens a filter above the list. */
export function chip(page: Page, name: string | RegExp): Locator {
  return page.getByRole('button', { name, exact: true }).and(page.locator('[aria-haspopup="dialog"]'))
}
