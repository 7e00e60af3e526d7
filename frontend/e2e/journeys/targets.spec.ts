import type { Locator, Page } from '@playwright/test'
import { phone } from '../support/actor'
import { expectAccessible } from '../support/axe'
import { expect, test } from '../support/test'

const year = 2025

/** The cell of a row in a column, by their heads. */
function cell(page: Page, name: string, column: number): Locator {
  return page
    .getByRole('row')
    .filter({ has: page.getByRole('rowheader', { name }) })
    .getByRole('gridcell')
    .nth(column)
}

/** Pastes as a spreadsheet does. */
async function paste(page: Page, text: string): Promise<void> {
  await page.evaluate((plain) => {
    const data = new DataTransfer()
    data.setData('text/plain', plain)
    const event = new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })
    document.activeElement?.dispatchEvent(event)
  }, text)
}

test('A manager types, pastes and fills a year; the seller sees the own part of it', async ({
  cast,
  open,
}) => {
  const [alice, carol] = [await cast.join('Alice'), await cast.join('Carol', 'manager')]
  const pipelines = await cast.root.get<{ data: { stages: { id: number; kind: string }[] }[] }>('/pipelines')
  const won = pipelines.data[0]?.stages.find(({ kind }) => kind === 'won')?.id
  await cast.root.post('/deals', {
    name: 'Old pump',
    owner_id: alice.id,
    stage_id: won,
    closed_on: `${year}-02-10`,
    amount: '6000',
  })
  const [leader, seller] = [await open(carol), await open(alice)]
  const { page } = leader
  await Promise.all([leader.visit(`/targets?year=${year}`), seller.visit(`/targets?year=${year}`)])
  await expect(seller.page.getByRole('row')).toHaveCount(2)

  // Keys, as in a spreadsheet.
  await cell(page, 'Alice', 0).click()
  await page.keyboard.type('1万')
  await page.keyboard.press('Tab')
  await page.keyboard.type('12,000')
  await page.keyboard.press('Enter')
  await expect(cell(page, 'Alice', 0)).toContainText('¥10,000')
  await expect(cell(page, 'Alice', 3)).toContainText('¥22,000')
  await expect(cell(page, 'Alice', 1)).toContainText('50%')
  // A paste passes the quarter by; the team adds up at once.
  await cell(page, 'Carol', 1).click()
  await paste(page, '1,000\t2,000\tnothing\r\n')
  await expect(cell(page, 'Carol', 1)).toContainText('¥1,000')
  await expect(cell(page, 'Carol', 3)).toContainText('¥3,000')
  await expect(cell(page, 'Team', 16)).toContainText('¥25,000')
  await expect(cell(page, 'Carol', 4)).toHaveText('nothing')
  await expectAccessible(page, 'the grid of targets with a fault')
  // What cannot be read is not lost, and nothing is sent.
  await page.getByRole('button', { name: 'Save 5 changes' }).click()
  await expect(page.getByText('Nothing was saved yet')).toBeVisible()
  await expect(page.getByRole('status').filter({ hasText: 'This is no figure' })).toBeVisible()
  await page.keyboard.type('3000')
  await page.keyboard.press('Enter')
  // To the right as far as the year goes, the quarters left out.
  await cell(page, 'Carol', 4).click()
  await page.keyboard.press('Control+r')
  await expect(cell(page, 'Carol', 14)).toContainText('¥3,000')
  await expect(cell(page, 'Carol', 16)).toContainText('¥30,000')
  // The server refuses one cell: nothing is half saved, the cell says why.
  await cell(page, 'Alice', 2).click()
  await page.keyboard.type('1.234')
  await page.keyboard.press('Enter')
  leader.expects(/status of 422/)
  await page.keyboard.press('Control+s')
  await expect(page.getByRole('status').filter({ hasText: 'At most 2 decimal places' })).toBeVisible()
  expect((await carol.api.get<{ meta: { total: number } }>('/targets')).meta.total).toBe(0)
  await page.keyboard.press('Delete')
  // A reload keeps what is typed.
  await page.reload()
  await expect(cell(page, 'Carol', 16)).toContainText('¥30,000')
  await page.getByRole('button', { name: /^Save 13 changes/ }).click()
  await expect(page.getByText('13 targets saved')).toBeVisible()
  await expect(page.getByRole('button', { name: /^Save/ })).toHaveCount(0)

  await expect(cell(seller.page, 'Alice', 16)).toContainText('¥22,000')
  await expect(cell(seller.page, 'Alice', 16)).toContainText('27%')
  await cell(seller.page, 'Alice', 0).click()
  await seller.page.keyboard.type('9')
  await expect(seller.page.getByRole('button', { name: /^Save/ })).toHaveCount(0)
  await expectAccessible(seller.page, 'the targets of a seller')
  // Every figure opens into its records.
  await cell(seller.page, 'Alice', 1).click()
  await seller.page.getByRole('link', { name: 'reached ¥6,000' }).click()
  await expect(seller.page.getByRole('grid').getByText('Old pump')).toBeVisible()
})

test('On a phone one reads how far one is', async ({ cast, open }) => {
  const [alice, carol] = [await cast.join('Alice'), await cast.join('Carol', 'manager')]
  await carol.api.call('PUT', '/targets/grid', {
    year,
    measure: 'won_count',
    rows: [{ user_id: alice.id, cells: { [`${year}-Q1`]: '4' } }],
  })
  const actor = await open(carol, phone)
  await actor.visit(`/targets?year=${year}&measure=won_count`)
  const item = actor.page.getByRole('listitem').filter({ hasText: 'Alice' })
  await expect(item).toContainText('0 of 4')
  await expect(item).toContainText('0%')
  await actor.settle()
  await expectAccessible(actor.page, 'the targets on a phone')
})
