import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { unique } from '../support/cast'
import { grid, names } from '../support/grid'
import { expect, test } from '../support/test'
import type { Page as List } from '../support/api'

const file = fileURLToPath(new URL('../../../../shared/fixtures/blns/blns.json', import.meta.url))
const isThere = existsSync(file)
if (!isThere && process.env['CI']) throw new Error(`${file} is missing`)
test.skip(!isThere, `${file} is not shipped with the product`)

/** A cell of a CSV. */
const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`
/** A text without the blanks around it, as the product counts them: a byte order mark is none. */
const trimmed = (text: string): string =>
  text.replace(/^(?:(?!\ufeff)[\s\u0085])+|(?:(?!\ufeff)[\s\u0085])+$/g, '')

test('Strings that break other programs are imported, listed and opened, and none of them is run', async ({
  cast,
  open,
}) => {
  test.setTimeout(180_000)
  const strings = JSON.parse(readFileSync(file, 'utf8')) as string[]
  expect(strings).toHaveLength(515)
  const mark = unique()
  const alice = await cast.join(`Alice ${mark}`)
  const seller = await open(alice)
  const { page } = seller
  const dialogs: string[] = []
  page.on('dialog', (dialog) => {
    dialogs.push(dialog.message())
    void dialog.dismiss()
  })
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
