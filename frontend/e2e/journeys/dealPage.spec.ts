import { unique } from '../support/cast'
import { column, makePipeline } from '../support/pipeline'
import { expect, test } from '../support/test'

test('Products make the amount; the board next door follows', async ({ cast, open }) => {
  const [alice, carol] = [await cast.join('Alice'), await cast.join('Carol', 'manager')]
  const stages = await makePipeline(cast)
  const [pump, service] = [`Pump ${unique()}`, `Installation ${unique()}`]
  await cast.root.post('/products', { code: unique(), name: pump, price: '1200.00', unit: 'piece' })
  await cast.root.post('/products', { code: unique(), name: service, price: '800.00', tax_percent: '6' })
  const customer = await alice.api.post('/customers', { name: 'Summit Motors Works' })
  const deal = await alice.api.post('/deals', {
    name: 'Pump station',
    customer_id: customer.id,
    stage_id: stages.stage['Proposal'],
  })
  const [seller, leader] = [await open(alice), await open(carol)]
  const { page } = seller
  await Promise.all([seller.visit(`/deals/${deal.id}`), leader.visit('/deals')])
  leader.watch()
  await page.getByRole('tab', { name: 'Products' }).click()
  for (const name of [pump, service]) {
    await page.getByRole('button', { name: 'Add product' }).click()
    await page.getByRole('combobox', { name: 'Search name or code' }).fill(name)
    await page.getByRole('option', { name }).click()
    // The focus comes to the new line; what is typed before would go elsewhere.
    await expect(page.getByLabel(`Quantity: ${name}`)).toBeFocused()
  }
  await page.getByLabel(`Quantity: ${pump}`).fill('3')
  await page.getByLabel(`Discount %: ${pump}`).fill('10')
  const lines = page.getByRole('region', { name: 'Products' })
  // 3 x 1,200 less 10 % and 800.
  await expect(lines.getByRole('definition').first()).toHaveText('¥4,040')
  await lines.getByRole('button', { name: 'Save' }).click()
  await expect(lines.getByText('Sum of the products')).toBeVisible()
  await expect(lines.getByText('¥4,040').first()).toBeVisible()
  await expect(column(leader.page, 'Proposal').getByRole('heading')).toContainText('1 deal, ¥4,040')
  expect(await alice.api.get(`/deals/${deal.id}`)).toMatchObject({
    amount: '4040.00',
    amount_is_manual: false,
  })
  expect(leader.asked(/^GET \/deals/)).toEqual([])
})

test('A deal is won by one key and opened again', async ({ cast, open }) => {
  const [alice, carol] = [await cast.join('Alice'), await cast.join('Carol', 'manager')]
  const stages = await makePipeline(cast)
  const customer = await alice.api.post('/customers', { name: '西安同舟能源有限公司' })
  const deal = await alice.api.post('/deals', {
    name: '光伏一期',
    amount: '250000',
    customer_id: customer.id,
    stage_id: stages.stage['Negotiation'],
  })
  const [seller, leader] = [await open(alice), await open(carol)]
  const { page } = seller
  await Promise.all([seller.visit(`/deals/${deal.id}`), leader.visit(`/deals/${deal.id}`)])
  await page.keyboard.press('w')
  await expect(page.getByRole('button', { name: 'Reopen' })).toBeVisible()
  await expect(leader.page.getByRole('button', { name: 'Reopen' })).toBeVisible()
  await expect(leader.page.getByRole('list', { name: 'Stages of the deal' })).toContainText('Won')
  expect(await alice.api.get(`/deals/${deal.id}`)).toMatchObject({ state: 'won' })

  await leader.page.getByRole('button', { name: 'Reopen' }).click()
  await expect(page.getByRole('button', { name: 'Won', exact: true })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Lost', exact: true })).toBeVisible()
  expect(await alice.api.get(`/deals/${deal.id}`)).toMatchObject({ state: 'open', closed_on: null })
  // The way of the deal stands in its timeline.
  const timeline = page.getByRole('region', { name: 'Timeline' })
  await expect(timeline).toContainText('won')
  await expect(timeline).toContainText('reopened')
})

test('The next step is planned in place; two people, both win', async ({ cast, open }) => {
  const [alice, carol] = [await cast.join('Alice'), await cast.join('Carol', 'manager')]
  const stages = await makePipeline(cast)
  const customer = await alice.api.post('/customers', { name: 'Delta Paper Labs' })
  const deal = await alice.api.post('/deals', {
    name: 'Recycling line',
    amount: '9000',
    customer_id: customer.id,
    stage_id: stages.stage['Contact'],
  })
  const [seller, leader] = [await open(alice), await open(carol)]
  await Promise.all([seller.visit(`/deals/${deal.id}`), leader.visit(`/deals/${deal.id}`)])
  leader.expects(/status of 412/)
  await leader.page.getByRole('button', { name: /^Name Recycling line/ }).click()
  const name = leader.page.getByRole('textbox', { name: 'Name', exact: true })
  await name.fill('Recycling line, phase one')
  await seller.page.getByRole('button', { name: /^What Not set/ }).click()
  const what = seller.page.getByRole('textbox', { name: 'What', exact: true })
  await what.fill('Send the drawings')
  await what.press('Enter')
  await expect(leader.page.getByRole('button', { name: 'What Send the drawings' })).toBeVisible()
  await name.press('Enter')
  await expect(
    seller.page.getByRole('heading', { level: 1, name: 'Recycling line, phase one' }),
  ).toBeVisible()
  expect(await alice.api.get(`/deals/${deal.id}`)).toMatchObject({
    name: 'Recycling line, phase one',
    next_step: 'Send the drawings',
  })
})
