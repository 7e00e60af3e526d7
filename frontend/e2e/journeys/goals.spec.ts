import type { Locator, Page } from '@playwright/test'
import { phone } from '../support/actor'
import { expectAccessible } from '../support/axe'
import type { Cast, Person } from '../support/cast'
import { expectTotal } from '../support/grid'
import { expect, test } from '../support/test'

const year = 2025

/** The cell of a report's table, by the head of its column. */
async function cell(page: Page, name: string | RegExp, column: string): Promise<Locator> {
  const row = page.getByRole('row', { name })
  await expect(row).toBeVisible()
  const heads = await page.getByRole('columnheader').allTextContents()
  return row.locator('th, td').nth(heads.findIndex((head) => head.trim() === column))
}

/** Deals that somebody won in February and March. */
async function won(cast: Cast, owner: Person, ...amounts: [string, string]): Promise<void> {
  const pipelines = await cast.root.get<{ data: { stages: { id: number; kind: string }[] }[] }>('/pipelines')
  const stage = pipelines.data[0]?.stages.find(({ kind }) => kind === 'won')?.id
  for (const [at, amount] of amounts.entries())
    await cast.root.post('/deals', {
      name: `Pump ${at}`,
      owner_id: owner.id,
      stage_id: stage,
      closed_on: `${year}-0${at + 2}-10`,
      amount,
    })
}

test('Target and attainment stand in the forecast and on the leaderboard, for oneself and those above', async ({
  cast,
  open,
}) => {
  const [alice, bob, carol] = [
    await cast.join('Alice'),
    await cast.join('Bob'),
    await cast.join('Carol', 'manager'),
  ]
  await won(cast, alice, '6000', '1500')
  await won(cast, bob, '900', '0')
  const set = (person: Person, cells: Record<string, string>, currency = 'CNY') =>
    carol.api.call('PUT', '/targets/grid', {
      year,
      measure: 'won_amount',
      currency,
      rows: [{ user_id: person.id, cells }],
    })
  await set(alice, { [`${year}-02`]: '5000', [`${year}-03`]: '3000' })
  const period = `from=${year}-01-01&to=${year}-03-31`
  const leader = await open(carol)
  const { page } = leader
  await leader.visit(`/reports/leaderboard?${period}`)
  await expect(await cell(page, /^Alice/, 'Target')).toHaveText('¥8,000')
  await expect(await cell(page, /^Alice/, 'Attainment')).toHaveText('93.75%')
  await expect(await cell(page, /^Bob/, 'Target')).toHaveText('–')
  await expect(page.getByRole('img', { name: /^Who won most\? Chart of Won amount, Target/ })).toBeVisible()
  await expectAccessible(page, 'the leaderboard with targets')

  // While it is read nothing moves: a new target is announced and taken when wanted.
  await set(bob, { [`${year}-Q1`]: '1800' })
  await page.getByRole('button', { name: 'Data changed: refresh' }).click()
  await expect(await cell(page, /^Bob/, 'Attainment')).toHaveText('50%')
  await expect(await cell(page, /^Total/, 'Target')).toHaveText('¥9,800')
  await (await cell(page, /^Alice/, 'Attainment')).getByRole('link').click()
  await expectTotal(page, 2)
  await page.goBack()
  await (await cell(page, /^Alice/, 'Target')).getByRole('link').click()
  await expect(page).toHaveURL(/\/targets\?year=2025/)
  await expect(page.getByRole('grid')).toContainText('¥5,000')

  await page.goto(`/reports/forecast?${period}`)
  await expect(await cell(page, /^Feb 2025/, 'Target')).toHaveText('¥5,600')
  await expect(await cell(page, /^Feb 2025/, 'Attainment')).toHaveText('123.21%')
  await expect(await cell(page, /^Jan 2025/, 'Target')).toHaveText('¥600')
  await expect(page.getByRole('img', { name: /^What will close.*Pipeline, Target/ })).toBeVisible()
  await page.getByRole('combobox', { name: 'Chart shows' }).selectOption({ label: 'Attainment' })
  await expect(page.getByRole('img', { name: /Chart of Attainment/ })).toBeVisible()
  await expectAccessible(page, 'the forecast with targets')

  const seller = await open(alice, phone)
  await seller.visit(`/reports/leaderboard?${period}`)
  await expect(await cell(seller.page, /^Alice/, 'Attainment')).toHaveText('93.75%')
  await expect(await cell(seller.page, /^Total/, 'Target')).toHaveText('¥8,000')
  await expect(seller.page.getByRole('row', { name: /^Bob/ })).toHaveCount(0)
  await expectAccessible(seller.page, 'the leaderboard of a seller on a phone')
})

test('A target in another currency is shown converted, and changed where it was set', async ({
  cast,
  open,
}) => {
  const [alice, carol] = [await cast.join('Alice'), await cast.join('Carol', 'manager')]
  await cast.root.post('/exchange-rates', { currency: 'CHF', valid_on: '2020-01-01', rate: '8' })
  await won(cast, alice, '4000', '0')
  for (const [currency, key, value] of [
    ['CNY', `${year}-01`, '1000'],
    ['CHF', `${year}-02`, '2000'],
  ] as const)
    await carol.api.call('PUT', '/targets/grid', {
      year,
      measure: 'won_amount',
      currency,
      rows: [{ user_id: alice.id, cells: { [key]: value } }],
    })
  const leader = await open(carol)
  const { page } = leader
  await leader.visit(`/targets?year=${year}`)
  const february = page
    .getByRole('row')
    .filter({ has: page.getByRole('rowheader', { name: 'Alice' }) })
    .getByRole('gridcell')
    .nth(1)
  await expect(february).toContainText('¥16,000')
  await expect(february).toContainText('25%')
  await expect(february).toHaveAttribute('aria-readonly', 'true')
  await expect(page.getByText('CHF converted into CNY.')).toBeVisible()
  await february.click()
  await expect(page.getByRole('status').filter({ hasText: /set as CHF\s?2,000/ })).toBeVisible()
  await page.keyboard.type('9')
  await expect(page.getByRole('button', { name: /^Save/ })).toHaveCount(0)
  await page.getByRole('combobox', { name: 'Currency' }).selectOption({ label: 'CHF' })
  await expect(february).toContainText('2,000')
  await expect(february).toContainText('25%')
  await february.click()
  await page.keyboard.type('4000')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Save 1 change' }).click()
  await expect(page.getByText('1 target saved')).toBeVisible()
  await expect(february).toContainText('13%')
  await expectAccessible(page, 'targets of two currencies')
})
