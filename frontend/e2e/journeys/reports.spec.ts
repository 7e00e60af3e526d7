import { readFile } from 'node:fs/promises'
import type { Page } from '@playwright/test'
import { dayAgo } from '../support/days'
import { expectTotal, row } from '../support/grid'
import { makePipeline } from '../support/pipeline'
import { expect, test } from '../support/test'

interface Figures {
  won_count: number
  lost_count: number
  won_amount: string
  win_rate: number | null
}
interface Sales {
  rows: (Figures & { key: number; label: string })[]
  totals: Figures
}

/** A cell of the report's table. */
async function cell(page: Page, name: string | RegExp, column: string): Promise<string> {
  const heads = await page.getByRole('columnheader').allTextContents()
  const at = heads.findIndex((head) => head.trim() === column)
  const found = page.getByRole('row', { name }).locator('th, td').nth(at)
  return ((await found.textContent()) ?? '').trim()
}

test('The sales report says what the API says, opens its deals, goes back in time and leaves as a file @services', async ({
  cast,
  open,
}) => {
  const [alice, bob, carol] = [
    await cast.join('Alice'),
    await cast.join('Bob'),
    await cast.join('Carol', 'manager'),
  ]
  const stages = await makePipeline(cast)
  for (const [owner, name, amount, outcome] of [
    [alice, 'Ward beds', '12000', 'win'],
    [alice, 'Monitors', '8000.50', 'win'],
    [bob, 'Pharmacy', '5000', 'win'],
    [bob, 'Laundry', '7000', 'lose'],
    [bob, 'Kitchen', '3000', ''],
  ] as const) {
    const deal = await owner.api.post('/deals', { name, amount, stage_id: stages.stage['Proposal'] })
    if (outcome === 'win') await owner.api.post(`/deals/${deal.id}/win`)
    if (outcome === 'lose') await owner.api.post(`/deals/${deal.id}/lose`, { reason: 'price' })
  }
  const leader = await open(carol)
  const { page } = leader
  await leader.visit('/reports/sales?group_by=owner&period=all')
  const said = await carol.api.get<Sales>('/reports/sales?group_by=owner')
  expect(said.totals).toMatchObject({ won_count: 3, lost_count: 1, won_amount: '25000.50', win_rate: 0.75 })
  for (const one of said.rows) {
    expect(await cell(page, new RegExp(`^${one.label}`), 'Won deals')).toBe(String(one.won_count))
    expect(await cell(page, new RegExp(`^${one.label}`), 'Lost deals')).toBe(String(one.lost_count))
  }
  expect(await cell(page, /^Total/, 'Won amount')).toBe('¥25,000.50')
  expect(await cell(page, /^Total/, 'Win rate')).toBe('75%')
  const chart = page.getByRole('img', { name: /^What was won/ })
  await expect(chart.locator('canvas')).toBeVisible()
  await page.getByRole('combobox', { name: 'Chart shows' }).selectOption({ label: 'Won deals · Lost deals' })
  await expect(page).toHaveURL(/chart=1/)

  // A figure opens exactly its deals, and the list says where one came from.
  await page
    .getByRole('row', { name: /^Bob/ })
    .getByRole('link', { name: '¥5,000', exact: true })
    .first()
    .click()
  await expect(page).toHaveURL(/\/deals\?.*report=sales/)
  await expectTotal(page, 1)
  await expect(row(page, 'Pharmacy')).toBeVisible()
  await expect(page.getByText('From report “Sales”')).toBeVisible()
  await page.getByRole('button', { name: 'Leave the report: clear its filters' }).click()
  await expectTotal(page, 5)
  await page.goBack()
  await page.goBack()

  // A day before any of it was known.
  await page.goto(`/reports/sales?group_by=owner&period=all&as_of=${dayAgo(2)}`)
  await expect(page.getByText('No deals in this range')).toBeVisible()
  await page.getByRole('button', { name: /^Clear filters: As it was on/ }).click()
  await expect.poll(() => cell(page, /^Total/, 'Won deals')).toBe('3')
  await page.getByRole('button', { name: 'As it was on' }).click()
  await page.locator('input[type=date]').last().fill(dayAgo(0))
  await expect(page).toHaveURL(/as_of=/)
  await expect.poll(() => cell(page, /^Total/, 'Won deals')).toBe('3')
  await page.keyboard.press('Escape')

  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Export' }).click()
  await page.getByRole('menuitem', { name: 'Export CSV' }).click()
  const file = await download
  expect(file.suggestedFilename()).toMatch(/^sales-\d{4}-\d\d-\d\d\.csv$/)
  const lines = (await readFile(await file.path(), 'utf8')).trim().split(/\r?\n/)
  expect(lines).toHaveLength(said.rows.length + 2)
  expect(lines.at(-1)).toContain('25000.50')

  await page.getByRole('combobox', { name: 'Group by' }).selectOption({ label: 'Month' })
  await expect(page).not.toHaveURL(/group_by/)
  await page.getByRole('button', { name: 'Won amount' }).click()
  await expect(page.getByRole('columnheader', { name: 'Won amount' })).toHaveAttribute(
    'aria-sort',
    'descending',
  )
})

test('Every report opens with a table or says that there is nothing', async ({ cast, open }) => {
  const carol = await cast.join('Carol', 'manager')
  const stages = await makePipeline(cast)
  const deal = await carol.api.post('/deals', {
    name: 'Lift',
    amount: '10',
    stage_id: stages.stage['Contact'],
  })
  await carol.api.post(`/deals/${deal.id}/lose`, { reason: 'price' })
  await carol.api.post('/deals', { name: 'Ramp', amount: '20', stage_id: stages.stage['Contact'] })
  const leader = await open(carol)
  const { page } = leader
  await leader.visit('/reports/sales?period=all')
  const tabs = await page.getByRole('navigation', { name: 'Reports' }).getByRole('link').allTextContents()
  expect(tabs.length).toBeGreaterThan(3)
  for (const tab of tabs) {
    await page
      .getByRole('navigation', { name: 'Reports' })
      .getByRole('link', { name: tab, exact: true })
      .click()
    await expect(page.getByRole('table').or(page.getByText('No deals in this range')).first()).toBeVisible()
    await leader.settle()
    await expect(page.getByRole('alert')).toHaveCount(0)
  }
})
