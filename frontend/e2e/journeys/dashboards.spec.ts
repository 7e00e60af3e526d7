import { expectAccessible } from '../support/axe'
import { makePipeline } from '../support/pipeline'
import { expect, test } from '../support/test'

interface Saved {
  data: {
    id: number
    name: string
    tiles: { report: string; x: number; y: number; w: number; h: number }[]
  }[]
}

test('A dashboard ships, is arranged by keys and by hand, saved, shared and read by a colleague', async ({
  cast,
  open,
}) => {
  const [alice, bob] = [await cast.join('Alice'), await cast.join('Bob')]
  const stages = await makePipeline(cast)
  const deal = await alice.api.post('/deals', {
    name: 'Beds',
    amount: '12000',
    stage_id: stages.stage['Proposal'],
  })
  await alice.api.post(`/deals/${deal.id}/win`)
  const seller = await open(alice)
  const { page } = seller
  await seller.visit('/dashboards')
  await expect(page.getByRole('button', { name: 'My sales' })).toBeVisible()
  const key = page.getByRole('region', { name: 'Sales · This month' })
  await expect(key).toContainText('¥12,000')
  await expect(key).toContainText(/the period before|Nothing to compare with/)
  await expectAccessible(page, 'dashboard')

  await page.getByRole('button', { name: 'Arrange' }).click()
  const pipeline = page.getByRole('region', { name: /^Pipeline/ })
  const handle = pipeline.getByRole('button', { name: /^Move/ })
  await handle.focus()
  await page.keyboard.press('ArrowRight')
  await expect(page.getByText(/^Column 2, row \d+/)).toBeAttached()
  await page.keyboard.press('Shift+ArrowLeft')
  await expect(page.getByText(/5 wide, 4 high/)).toBeAttached()
  await expectAccessible(page, 'dashboard, arranged')

  // By hand: to the left edge again.
  const box = await handle.boundingBox()
  if (!box) throw new Error('no handle')
  await page.mouse.move(box.x + 8, box.y + 8)
  await page.mouse.down()
  await page.mouse.move(box.x - 120, box.y + 8, { steps: 6 })
  await page.mouse.up()
  await expect(page.getByText(/^Column 1, row/)).toBeAttached()

  // A tile is changed: no longer compared, another report's figures stay compared.
  await key.getByRole('button', { name: /^Change/ }).click()
  const compare = page.getByRole('checkbox', { name: 'Compare with the period before' })
  await expect(compare).toBeChecked()
  await expectAccessible(page, 'tile')
  await compare.uncheck()
  await page.getByRole('button', { name: 'Apply' }).click()
  await expect(key).toContainText('¥12,000')
  await expect(key).not.toContainText(/the period before|Nothing to compare with/)

  await page
    .getByRole('region', { name: /^Activity/ })
    .getByRole('button', { name: /^Remove/ })
    .click()
  await page.getByRole('button', { name: 'Add tile' }).click()
  await page.getByRole('combobox', { name: 'Report' }).selectOption({ label: 'Losses' })
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await expect(page.getByRole('region', { name: /^Losses/ })).toBeVisible()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('dialog').getByRole('textbox', { name: 'Name' }).fill('Beds and more')
  await page.getByRole('combobox', { name: 'Who sees it' }).selectOption({ label: 'My team' })
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await expect(page).toHaveURL(/\/dashboards\/\d+$/)
  await expect(page.getByRole('button', { name: 'Beds and more' })).toBeVisible()
  const saved = (await alice.api.get<Saved>('/dashboards')).data.find(({ name }) => name === 'Beds and more')
  expect(saved?.tiles.map(({ report }) => report)).toContain('losses')
  expect(saved?.tiles.find(({ report }) => report === 'pipeline')).toMatchObject({ x: 0, w: 5 })
  expect(saved?.tiles.find(({ report }) => report === 'sales')).toMatchObject({
    chart: 0,
    is_compared: false,
  })
  expect(saved?.tiles.find(({ report }) => report === 'losses')).toMatchObject({ is_compared: true })

  // A colleague of the team reads it, with figures of his own sight, and cannot change it.
  const reader = await open(bob)
  await reader.visit('/dashboards')
  await reader.page.getByRole('button', { name: 'My sales' }).click()
  await reader.page.getByRole('menuitem', { name: 'Beds and more' }).click()
  await expect(reader.page.getByText('My team · Alice')).toBeVisible()
  await expect(reader.page.getByRole('region', { name: 'Sales · This month' })).not.toContainText('¥12,000')
  await reader.page.getByRole('button', { name: 'More actions' }).click()
  await expect(reader.page.getByRole('menuitem', { name: 'Delete' })).toHaveCount(0)
  await reader.page.keyboard.press('Escape')

  // A tile leads to its whole report.
  await page
    .getByRole('region', { name: /^Losses/ })
    .getByRole('link')
    .first()
    .click()
  await expect(page).toHaveURL(/\/reports\/losses\?/)
  await page.goBack()
  await page.getByRole('button', { name: 'More actions' }).click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await expect(page.getByRole('button', { name: 'My sales' })).toBeVisible()
})
