import type { Page } from '@playwright/test'
import { desk, phone } from '../support/actor'
import { Cast, type Person } from '../support/cast'
import { company, companyName } from '../support/companies'
import { chip, expectTotal, grid, names, row } from '../support/grid'
import { compose } from '../support/ime'
import { expect as check, test as journey } from '../support/test'

const count = 2_000
const expect = check

/** A sales person with 2,000 customers: made once, only read here. */
const test = journey.extend<object, { crowd: Person }>({
  crowd: [
    async ({ product, root }, use) => {
      const cast = new Cast(product.url, root)
      const alice = await cast.join('Alice')
      await alice.api.postAll(
        '/customers',
        Array.from({ length: count }, (_, index) => company(index)),
      )
      await use(alice)
    },
    { scope: 'worker', timeout: 120_000 },
  ],
})
// One worker: the customers are made once.
test.describe.configure({ mode: 'default' })

test('Search understands Chinese, pinyin, initials and the digits of a phone number', async ({
  crowd,
  open,
}) => {
  const actor = await open(crowd)
  const { page } = actor
  await actor.visit('/customers')
  await expectTotal(page, count)
  const box = page.getByRole('textbox', { name: 'Search name, phone, e-mail' })

  for (const [typed, total] of [
    ['杭州云帆', 10],
    ['hangzhouyunfan', 10],
    ['hzyf', 10],
    ['lantern optics', 10],
  ] as const) {
    await box.fill(typed)
    await expectTotal(page, total)
    await expect(page).toHaveURL((url) => url.searchParams.get('q') === typed)
  }
  // Number 500 of the crowd, by the last digits of its number and with signs between them.
  const digits = String(10_000_000 + 500 * 37)
  await box.fill(`138-${digits.slice(0, 4)} ${digits.slice(4)}`)
  await expect(row(page, companyName(500))).toBeVisible()
  await box.fill(digits.slice(-4))
  await expect(row(page, companyName(500))).toBeVisible()

  await box.press('Escape')
  await expect(box).toHaveValue('')
  await expectTotal(page, count)
})

test('Half-composed pinyin is shown and not searched', async ({ crowd, open }) => {
  const actor = await open(crowd)
  const { page } = actor
  await actor.visit('/customers')
  await expectTotal(page, count)
  await page.keyboard.press('/')
  const box = page.getByRole('textbox', { name: 'Search name, phone, e-mail' })
  await expect(box).toBeFocused()
  actor.watch()
  await compose(page, "ning'bo'xing'he", '宁波星河')
  await expect(box).toHaveValue('宁波星河')
  await expectTotal(page, 10)
  const searched = actor.asked(/^GET \/customers\?/)
  expect(searched, 'one search, for the words').toHaveLength(1)
  expect(new URL(searched[0]?.split(' ')[1] ?? '', 'http://x').searchParams.get('q')).toBe('宁波星河')
})

test('Filters, order and search stand in the address and survive a reload', async ({ crowd, open }) => {
  const actor = await open(crowd)
  const { page } = actor
  await actor.visit('/customers')
  await chip(page, 'Status').click()
  await page.getByRole('option', { name: 'Lead' }).click()
  await page.getByRole('option', { name: 'Lost' }).click()
  await page.keyboard.press('Escape')
  await expectTotal(page, count / 2)
  await chip(page, 'Level').click()
  await page.keyboard.type('key acc')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Escape')
  await expectTotal(page, count / 8)

  const header = page.getByRole('columnheader', { name: 'Name' })
  await header.getByRole('button').click()
  await expect(header).toHaveAttribute('aria-sort', 'ascending')
  await header.getByRole('button').click()
  await expect(header).toHaveAttribute('aria-sort', 'descending')
  await page.getByRole('textbox', { name: 'Search name, phone, e-mail' }).fill('ltd')
  await expect(page).toHaveURL(
    (url) =>
      url.searchParams.getAll('status').join() === 'lead,lost' &&
      url.searchParams.get('level') === 'A' &&
      url.searchParams.get('sort') === '-name' &&
      url.searchParams.get('q') === 'ltd',
  )
  await expect(grid(page)).not.toHaveAttribute('aria-busy', 'true')
  const before = await names(page)
  expect(before.length).toBeGreaterThan(5)

  await page.reload()
  await expect.poll(() => names(page)).toEqual(before)
  await header.getByRole('button').click()
  await expect(header, 'the third click lets the order go').toHaveAttribute('aria-sort', 'none')
  await page.getByRole('button', { name: 'Clear filters', exact: true }).click()
  await expectTotal(page, count)
  expect(new URL(page.url()).search).toBe('')
})

async function scrollToBottom(page: Page): Promise<void> {
  const last = grid(page).locator(`[aria-rowindex="${count + 1}"]`)
  await expect(async () => {
    await grid(page).evaluate((box) => {
      box.scrollTop = box.scrollHeight
    })
    await expect(last).toBeInViewport({ timeout: 500 })
  }).toPass({ timeout: 45_000, intervals: [100] })
}

for (const [name, view] of [
  ['on a desk', desk],
  ['on a phone', phone],
] as const) {
  test(`All rows can be reached by scrolling, few are drawn, ${name}`, async ({ crowd, open }) => {
    const actor = await open(crowd, view)
    const { page } = actor
    await actor.visit('/customers?sort=created_at')
    await expectTotal(page, count)
    await scrollToBottom(page)
    const rows = grid(page).getByRole('row')
    expect(await rows.count(), 'drawn rows').toBeLessThan(80)
    // No hole at the end: the rows in view follow one another without a gap.
    const edges = await rows.evaluateAll((all) =>
      all
        .filter((one) => one.hasAttribute('data-row'))
        .map((one) => one.getBoundingClientRect())
        .map(({ top, bottom }) => [Math.round(top), Math.round(bottom)] as const)
        .sort((a, b) => a[0] - b[0]),
    )
    for (const [at, edge] of edges.entries()) if (at > 0) expect(edge[0]).toBe(edges[at - 1]?.[1])
    const box = await grid(page).boundingBox()
    const end = edges.at(-1)?.[1] ?? 0
    expect(Math.abs(end - ((box?.y ?? 0) + (box?.height ?? 0)))).toBeLessThanOrEqual(2)
    await expect(grid(page).locator(`[aria-rowindex="${count + 1}"]`)).toContainText(/\S/)
  })
}

test('The keyboard alone finds, walks and opens', async ({ crowd, open }) => {
  const actor = await open(crowd)
  const { page } = actor
  await actor.visit('/customers?sort=name')
  await expectTotal(page, count)
  const active = async (): Promise<string> => {
    const id = await grid(page).getAttribute('aria-activedescendant')
    return id ? ((await page.locator(`[id="${id}"]`).locator('bdi').first().textContent()) ?? '') : ''
  }
  const shown = await names(page)
  await page.keyboard.press('j')
  expect(await active()).toBe(shown[0])
  await expect(grid(page)).toBeFocused()
  await page.keyboard.press('j')
  await page.keyboard.press('ArrowDown')
  expect(await active()).toBe(shown[2])
  await page.keyboard.press('k')
  expect(await active()).toBe(shown[1])
  await page.keyboard.press('PageDown')
  await page.keyboard.press('Home')
  expect(await active()).toBe(shown[0])

  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: shown[0] ?? '' })).toBeVisible()
  await page.keyboard.press('Alt+ArrowRight')
  await expect(page.getByRole('heading', { level: 1, name: shown[1] ?? '' })).toBeVisible()
  await page.goBack()
  await expect(page).toHaveURL(/\/customers\?sort=name$/)
  await expectTotal(page, count)

  await page.keyboard.press('Control+k')
  await expect(page.getByRole('dialog')).toBeVisible()
  await page.keyboard.type('yantai')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toBeHidden()
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible()
  await page.keyboard.press('Escape')
  await page.keyboard.press('g')
  await page.keyboard.press('s')
  await expect(page).toHaveURL(/\/settings$/)
})

test('The first rows are there soon', async ({ crowd, open }, info) => {
  const actor = await open(crowd)
  const { page } = actor
  await page.addInitScript(() => {
    const watcher = new MutationObserver(() => {
      if (!document.querySelector('[role="grid"] [data-row]')) return
      watcher.disconnect()
      // Two frames later the rows are on the screen.
      requestAnimationFrame(() =>
        requestAnimationFrame(() => performance.mark('first-rows', { startTime: performance.now() })),
      )
    })
    watcher.observe(document, { childList: true, subtree: true })
  })
  const times: number[] = []
  for (let round = 0; round < 3; round += 1) {
    await page.goto('/customers')
    await page.waitForFunction(() => performance.getEntriesByName('first-rows').length > 0)
    times.push(
      await page.evaluate(() => Math.round(performance.getEntriesByName('first-rows')[0]?.startTime ?? 0)),
    )
  }
  const shifts = await page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        new PerformanceObserver((list) =>
          resolve(
            list.getEntries().reduce((sum, entry) => sum + (entry as never as { value: number }).value, 0),
          ),
        ).observe({ type: 'layout-shift', buffered: true })
        setTimeout(() => resolve(0), 300)
      }),
  )
  const told = `first rows after ${times.join(', ')} ms (budget 1,000 ms), layout shift ${shifts.toFixed(4)} (budget 0.02)`
  info.annotations.push({ type: 'measured', description: told })
  process.stdout.write(`    measured: customer list of ${count}: ${told}\n`)
  expect(shifts).toBeLessThan(0.02)
})
