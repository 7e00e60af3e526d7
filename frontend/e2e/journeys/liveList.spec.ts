import { company } from '../support/companies'
import { expectTotal, grid, names, row } from '../support/grid'
import { expect, test } from '../support/test'

const lists = /^GET \/customers(\?|$)/

test('A new customer arrives at a colleague’s list by itself @services', async ({ cast, open }) => {
  const [alice, carol] = [await cast.join('Alice'), await cast.join('Carol', 'manager')]
  await alice.api.post('/customers', { name: 'Summit Paper Ltd' })
  const [seller, leader] = [await open(alice), await open(carol)]
  await Promise.all([seller.visit('/customers'), leader.visit('/customers')])
  await expectTotal(leader.page, 1)
  await expectTotal(seller.page, 1)
  leader.watch()
  seller.watch()

  await seller.page.keyboard.press('c')
  const dialog = seller.page.getByRole('dialog', { name: 'New customer' })
  await expect(dialog.getByLabel('Name')).toBeFocused()
  await seller.page.keyboard.type('青岛远山机械有限公司')
  await dialog.getByLabel('Phone').fill('0532 8888 1234')
  await dialog.getByLabel('Status').selectOption({ label: 'Prospect' })
  await dialog.getByLabel('Tags').fill('VIP，展会')
  await seller.page.keyboard.press('Control+Enter')
  await expect(seller.page.getByRole('heading', { level: 1, name: '青岛远山机械有限公司' })).toBeVisible()

  await expect(row(leader.page, '青岛远山机械有限公司')).toBeVisible()
  await expect(row(leader.page, '青岛远山机械有限公司')).toContainText('Alice')
  await expectTotal(leader.page, 2)
  expect((await names(leader.page))[0], 'newest first').toBe('青岛远山机械有限公司')
  expect(leader.asked(lists), 'no list is asked for').toEqual([])
  expect(leader.loads).toBe(1)

  await seller.page.goBack()
  await expect(row(seller.page, '青岛远山机械有限公司')).toBeVisible()
  expect(seller.asked(lists), 'nor by the one who made it').toEqual([])
})

test('Faults of a form stand at their fields, and what was typed stays', async ({ cast, open }) => {
  const alice = await cast.join('Alice')
  await alice.api.post('/customers', { name: 'Delta Clinics', email: 'desk@delta.example' })
  const actor = await open(alice)
  const { page } = actor
  actor.expects(/status of 4(09|22)/)
  await actor.visit('/customers')
  await page.getByRole('button', { name: 'New customer' }).first().click()
  const dialog = page.getByRole('dialog', { name: 'New customer' })
  const create = dialog.getByRole('button', { name: 'Create' })
  await dialog.getByLabel('E-mail').fill('not an address')
  await create.click()
  await expect(dialog.getByLabel('Name')).toHaveAttribute('aria-invalid', 'true')
  await expect(dialog.getByLabel('E-mail')).toHaveAttribute('aria-invalid', 'true')
  await expect(dialog.getByLabel('Name')).toBeFocused()

  await dialog.getByLabel('Name').fill('Delta Clinics East')
  await dialog.getByLabel('E-mail').fill('DESK@delta.example')
  // The field was at fault before: the answer alone tells that it is again.
  const refused = page.waitForResponse((answer) => answer.status() === 409)
  await create.click()
  await refused
  await expect(dialog.getByLabel('E-mail')).toHaveAttribute('aria-invalid', 'true')
  await expect(dialog.getByLabel('Name')).toHaveValue('Delta Clinics East')

  // What was typed is a draft: it outlives even a reload.
  await page.reload()
  await page.getByRole('button', { name: 'New customer' }).first().click()
  await expect(dialog.getByLabel('Name')).toHaveValue('Delta Clinics East')
  await dialog.getByLabel('E-mail').fill('east@delta.example')
  await create.click()
  await expect(
    page
      .getByRole('heading', { level: 1, name: 'Delta Clinics East' })
      .or(page.getByRole('button', { name: 'Open the new customer' })),
  ).toBeVisible()
})

test('A record that no longer fits the filter leaves, one that fits now comes', async ({ cast, open }) => {
  const [alice, carol] = [await cast.join('Alice'), await cast.join('Carol', 'manager')]
  const stays = await alice.api.post('/customers', { name: 'Harbour Foods Inc', status: 'lead' })
  const leaves = await alice.api.post('/customers', { name: 'Copper Motors GmbH', status: 'lead' })
  const comes = await alice.api.post('/customers', { name: 'Willow Freight Group', status: 'active' })
  const leader = await open(carol)
  const { page } = leader
  await leader.visit('/customers?status=lead')
  await expectTotal(page, 2)
  leader.watch()

  const seller = await open(alice)
  await seller.visit(`/customers/${leaves.id}`)
  await seller.page.getByRole('button', { name: 'Status Lead' }).click()
  await seller.page.getByLabel('Status').selectOption({ label: 'Active' })
  await expect(row(page, 'Copper Motors')).toHaveCount(0)
  await expectTotal(page, 1)
  await alice.api.patch(`/customers/${comes.id}`, { status: 'lead' })
  await expect(row(page, 'Willow Freight')).toBeVisible()
  await alice.api.patch(`/customers/${stays.id}`, { name: 'Harbour Foods and Wines' })
  await expect(row(page, 'Harbour Foods and Wines')).toBeVisible()
  await alice.api.call('DELETE', `/customers/${comes.id}`)
  await expect(row(page, 'Willow Freight')).toHaveCount(0)
  await expectTotal(page, 1)
  expect(leader.asked(lists)).toEqual([])
})

test('While somebody reads, nothing moves: scroll, active row and focus stay', async ({ cast, open }) => {
  const [alice, carol] = [await cast.join('Alice'), await cast.join('Carol', 'manager')]
  const made = await alice.api.postAll(
    '/customers',
    Array.from({ length: 150 }, (_, at) => company(at)),
  )
  const leader = await open(carol)
  const { page } = leader
  await leader.visit('/customers')
  await expectTotal(page, 150)
  for (let step = 0; step < 60; step += 1) await page.keyboard.press('j')
  await expect(grid(page)).toBeFocused()
  const held = await grid(page).getAttribute('aria-activedescendant')
  const active = page.locator(`[id="${held}"]`)
  await expect(active).toBeInViewport()
  const before = await active.boundingBox()
  leader.watch()

  const newcomer = await alice.api.post('/customers', { name: 'Zephyr Instruments' })
  await alice.api.patch(`/customers/${made.at(-3)?.id}`, { level: 'C' })
  const pill = page.getByRole('button', { name: /new – show/ })
  await expect(pill).toBeVisible()
  await expectTotal(page, 151)
  expect(await active.boundingBox(), 'the row under the eye').toEqual(before)
  expect(await grid(page).getAttribute('aria-activedescendant')).toBe(held)
  await expect(grid(page)).toBeFocused()
  await expect(row(page, 'Zephyr Instruments')).toHaveCount(0)

  // A change of a row in view is shown where it stands.
  const id = Number(await active.getAttribute('data-row'))
  await alice.api.patch(`/customers/${id}`, { phone: '021 5555 0199' })
  await expect(active).toContainText('021 5555 0199')
  expect(await active.boundingBox()).toEqual(before)

  await pill.click()
  await expect(row(page, 'Zephyr Instruments')).toBeInViewport()
  expect(await grid(page).getAttribute('aria-activedescendant')).toBe(held)
  expect(leader.asked(lists)).toEqual([])
  expect(newcomer.id).toBeGreaterThan(0)
})

test('Two hundred changes in a moment arrive as few repaints', async ({ cast, open }) => {
  const [alice, carol] = [await cast.join('Alice'), await cast.join('Carol', 'manager')]
  const leader = await open(carol)
  const { page } = leader
  await leader.visit('/customers')
  await expectTotal(page, 0)
  leader.watch()
  await page.evaluate(() => {
    const counter = window as never as { repaints: number }
    counter.repaints = 0
    new MutationObserver(() => (counter.repaints += 1)).observe(
      document.querySelector('[role="grid"]') ?? document.body,
      { childList: true, subtree: true },
    )
  })
  const began = Date.now()
  await alice.api.postAll(
    '/customers',
    Array.from({ length: 200 }, (_, at) => company(at + 300)),
  )
  const took = Date.now() - began
  await expectTotal(page, 200)
  const repaints = await page.evaluate(() => (window as never as { repaints: number }).repaints)
  // A repaint each 100 ms at most, and a few for the rows that are drawn.
  expect(repaints).toBeLessThan(took / 50 + 10)
  expect(leader.asked(lists)).toEqual([])
})
