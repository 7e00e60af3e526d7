import type { Page } from '@playwright/test'
import { expectTotal, row } from '../support/grid'
import type { Person } from '../support/cast'
import { makePipeline, type Stages } from '../support/pipeline'
import { expect, test } from '../support/test'

interface Summary {
  won_count: number
  won_amount: string
  lost_count: number
  win_rate: number
  open_count: number
  weighted_amount: string
}

/** Three won, one lost, two open deals of this month. */
async function trade(owner: Person, leader: Person, stages: Stages): Promise<void> {
  const customer = await owner.api.post('/customers', { name: 'Copper Clinics Group' })
  for (const [name, amount, outcome] of [
    ['Ward beds', '12000', 'win'],
    ['Monitors', '8000.50', 'win'],
    ['Pharmacy', '5000', 'win'],
    ['Laundry', '7000', 'lose'],
    ['Kitchen', '3000', ''],
    ['Laboratory', '9000', ''],
  ] as const) {
    const deal = await owner.api.post('/deals', {
      name,
      amount,
      customer_id: customer.id,
      stage_id: stages.stage['Proposal'],
    })
    if (outcome === 'win') await owner.api.post(`/deals/${deal.id}/win`)
    if (outcome === 'lose') await leader.api.post(`/deals/${deal.id}/lose`, { reason: 'price' })
  }
  await owner.api.post('/contacts', {
    customer_id: customer.id,
    kind: 'call',
    content: 'Asked about delivery',
  })
}

/** The figure that a card or a table row shows under a name. */
async function tableFigure(page: Page, name: string): Promise<string> {
  const cells = page.getByRole('row', { name: new RegExp(`^${name}`) }).getByRole('cell')
  return (await cells.first().textContent())?.trim() ?? ''
}

test('The home page shows what the API says, follows changes and opens down to the records', async ({
  cast,
  open,
}) => {
  const [alice, carol] = [await cast.join('Alice'), await cast.join('Carol', 'manager')]
  const stages = await makePipeline(cast)
  await trade(alice, carol, stages)
  const seller = await open(alice)
  const { page } = seller
  await seller.visit('/')
  const figures = page.getByRole('region', { name: 'Key figures' })
  await expect(figures.getByRole('link', { name: '3', exact: true })).toBeVisible()
  await expect(figures).toContainText('75%')
  await expect(figures.getByTitle('¥25,000.50')).toBeVisible()
  // Both open deals lack a next step.
  await expect(page.getByRole('link', { name: /Kitchen/ }).first()).toBeVisible()
  await expect(page.getByRole('link', { name: /Laboratory/ }).first()).toBeVisible()
  await expect(page.getByText('Asked about delivery')).toBeVisible()
  await expect(page.getByText('2 open deals, ¥6,000 weighted')).toBeVisible()

  // What the manager changes is counted here without a reload.
  const [kitchen] = (await alice.api.get<{ data: { id: number }[] }>('/deals?name=Kitchen')).data
  await carol.api.post(`/deals/${kitchen?.id}/win`)
  await expect(figures.getByRole('link', { name: '4', exact: true })).toBeVisible()
  await expect(
    page.getByText('1 open deals, ¥4,500 weighted').or(page.getByText('1 open deal, ¥4,500 weighted')),
  ).toBeVisible()
  expect(seller.loads).toBe(1)

  await figures.getByRole('link', { name: '4', exact: true }).click()
  await expect(page).toHaveURL(/\/deals\?.*view=table/)
  await expectTotal(page, 4)
  await expect(row(page, 'Ward beds')).toBeVisible()
  await expect(row(page, 'Laundry')).toHaveCount(0)
})

test('Every figure of the report equals the API and the length of its list', async ({ cast, open }) => {
  const [alice, carol] = [await cast.join('Alice'), await cast.join('Carol', 'manager')]
  const stages = await makePipeline(cast)
  await trade(alice, carol, stages)
  const leader = await open(carol)
  const { page } = leader
  await leader.visit('/reports/summary')
  await page.getByRole('combobox', { name: 'Period' }).selectOption({ label: 'All time' })
  const said = await carol.api.get<Summary>('/reports/summary')
  expect(said).toMatchObject({ won_count: 3, lost_count: 1, win_rate: 0.75, open_count: 2 })
  await expect.poll(() => tableFigure(page, 'Won deals')).toBe(String(said.won_count))
  expect(await tableFigure(page, 'Lost deals')).toBe(String(said.lost_count))
  expect(await tableFigure(page, 'Open deals')).toBe(String(said.open_count))
  expect(await tableFigure(page, 'Won amount')).toBe('¥25,000.50')
  expect(await tableFigure(page, 'Weighted amount')).toBe('¥6,000')
  expect(await tableFigure(page, 'Win rate')).toMatch(/^75(\.0)?%$/)

  for (const [name, count] of [
    ['Won deals', 3],
    ['Lost deals', 1],
    ['Open deals', 2],
  ] as const) {
    await page
      .getByRole('row', { name: new RegExp(`^${name}`) })
      .getByRole('link')
      .first()
      .click()
    await expectTotal(page, count)
    await page.goBack()
  }

  await page.getByRole('link', { name: 'Pipeline' }).last().click()
  await expect(page).toHaveURL(/\/reports\/pipeline/)
  const stage = page.getByRole('row', { name: /^Proposal/ })
  await expect(stage).toContainText('¥12,000')
  await expect(stage).toContainText('¥6,000')
  // While it is read nothing moves: a change is announced and taken when wanted.
  const customer = (await carol.api.get<{ data: { id: number }[] }>('/customers')).data[0]
  await alice.api.post('/deals', {
    name: 'Ambulance',
    amount: '40000',
    customer_id: customer?.id,
    stage_id: stages.stage['Proposal'],
  })
  await page.getByRole('button', { name: 'Data changed: refresh' }).click()
  await expect(stage).toContainText('¥52,000')
})
