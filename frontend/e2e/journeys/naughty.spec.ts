import { desk } from '../support/actor'
import { unique } from '../support/cast'
import { grid, names } from '../support/grid'
import { lacking, naughtyStrings, setNaughtyScene, trimmed } from '../support/naughty'
import { pages } from '../support/pages'
import { expect, test } from '../support/test'
import type { Page } from '@playwright/test'
import type { Page as List } from '../support/api'

test.skip(Boolean(lacking), lacking)

/** A cell of a CSV. */
const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`
/** Collects the dialogs that a page opens by itself. */
function dialogsOf(page: Page): string[] {
  const found: string[] = []
  page.on('dialog', (dialog) => {
    found.push(dialog.message())
    void dialog.dismiss()
  })
  return found
}

test('Strings that break other programs are imported, listed and opened, and none of them is run', async ({
  cast,
  open,
}) => {
  test.setTimeout(180_000)
  const strings = naughtyStrings()
  expect(strings).toHaveLength(515)
  const mark = unique()
  const alice = await cast.join(`Alice ${mark}`)
  const seller = await open(alice)
  const { page } = seller
  const dialogs = dialogsOf(page)
  await seller.visit('/import?resource=customers')
  const rows = strings.map((text, at) => `${quoted(`${at} ${text}`)},${quoted(text)}`)
  const buffer = Buffer.from(['Company name,Description', ...rows].join('\r\n'))
  await page.locator('input[type=file]').setInputFiles({ name: 'naughty.csv', mimeType: 'text/csv', buffer })
  await expect(page.getByRole('region', { name: 'First rows' })).toContainText('undefined')
  await page.keyboard.press('Control+Enter')
  await page.getByRole('button', { name: 'Check the rows' }).click()
  const start = page.getByRole('button', { name: /^Import \d+ rows$/ })
  await expect(start).toBeVisible({ timeout: 60_000 })
  await start.click()
  await expect(page.getByRole('heading', { name: /^\d+ rows imported$/ })).toBeVisible({ timeout: 60_000 })

  const stored = new Map<number, { name: string; description: string | null; id: number }>()
  for (const at of [1, 2, 3]) {
    const { data } = await alice.api.get<List>(`/customers?owner_id=${alice.id}&per_page=200&page=${at}`)
    for (const { id, name, description } of data)
      stored.set(parseInt(name), { id, name, description: description as string | null })
  }
  // What a name may not hold, control characters and texts that turn others around, was told with its row.
  expect(stored.size).toBe(496)
  for (const [at, { name, description }] of stored) {
    const text = strings[at] ?? ''
    expect(name).toBe(trimmed(`${at} ${text}`))
    expect(description ?? '').toBe(trimmed(text) ? text : '')
  }

  await seller.visit(`/customers?owner_id=${alice.id}&sort=created_at`)
  const shown = new Set<string>()
  await expect(grid(page)).toHaveAttribute('aria-rowcount', String(stored.size + 1))
  await expect(async () => {
    for (const name of await names(page)) shown.add(name)
    await grid(page).hover()
    await page.mouse.wheel(0, 400)
    expect(shown.size).toBe(stored.size)
  }).toPass({ timeout: 90_000, intervals: [60] })
  expect([...shown].sort()).toEqual([...stored.values()].map(({ name }) => name).sort())

  const scripts = [...stored]
    .filter(([at]) => /<script|onerror|javascript:/i.test(strings[at] ?? ''))
    .slice(0, 5)
  for (const [at, { id, name }] of scripts) {
    await seller.visit(`/customers/${id}`)
    await expect(page.getByRole('heading', { level: 1 })).toContainText(name)
    await expect(page.getByRole('main')).toContainText(strings[at] ?? '')
  }
  expect(dialogs).toEqual([])
})

/** All that a page says: its text, what stands in its fields, and what it tells by title or to screen readers. */
const said = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const told = [...document.querySelectorAll('[title], [aria-label]')].flatMap((one) => [
      one.getAttribute('title') ?? '',
      one.getAttribute('aria-label') ?? '',
    ])
    const typed = [...document.querySelectorAll('input, textarea')].map(
      (one) => (one as HTMLInputElement).value,
    )
    return [document.body.textContent, ...told, ...typed].join('\n')
  })

test('Every page shows such strings in all its fields as they are', async ({ cast, open }) => {
  test.setTimeout(240_000)
  const scene = await setNaughtyScene(cast, naughtyStrings())
  const actor = await open(scene.admin, desk)
  const { page } = actor
  const dialogs = dialogsOf(page)
  const shown = async (name: string, texts: string[]): Promise<void> => {
    await expect
      .soft(async () => {
        const all = await said(page)
        expect(texts.filter((text) => !all.includes(text))).toEqual([])
      }, name)
      .toPass({ timeout: 10_000 })
    const strange = page.locator(
      'main :is(script, iframe, object, embed, base, form[action], [onerror], [onload], [onclick])',
    )
    expect.soft(await strange.count(), `${name} holds no element of theirs`).toBe(0)
  }
  const walked = new Set<string>()
  await actor.visit('/')
  for (const [name, path] of [
    ...pages(scene),
    ['shared-dashboard', `/dashboards/${scene.dashboardId}`],
  ] as const) {
    await page.goto(path)
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
    await actor.settle()
    await shown(name, scene.shows[name] ?? [])
    walked.add(name)
  }
  expect(Object.keys(scene.shows).filter((name) => !walked.has(name))).toEqual([])

  await page.goto('/contacts')
  await page.getByRole('grid').getByRole('row').nth(1).click()
  await expect(page.getByRole('dialog')).toBeVisible()
  await shown('an activity in its dialog', scene.shows['activities'] ?? [])
  await page.goto('/')
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await page.keyboard.press('Control+k')
  await page.getByRole('dialog').getByRole('combobox').fill(scene.customer)
  await expect(page.getByRole('dialog').getByRole('option').first()).toBeVisible()
  await shown('the palette', [scene.customer])
  expect(dialogs).toEqual([])
})
