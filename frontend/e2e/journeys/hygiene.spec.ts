import { phone } from '../support/actor'
import { expectAccessible } from '../support/axe'
import { expect, test } from '../support/test'

const dateIn = (days: number): string =>
  new Date(Date.now() + (8 * 60 + days * 24 * 60) * 60_000).toISOString().slice(0, 10)

test('A seller puts deals in order with one click each; the manager sees them go', async ({ cast, open }) => {
  const [alice, bob, carol] = [
    await cast.join('Alice'),
    await cast.join('Bob'),
    await cast.join('Carol', 'manager'),
  ]
  const customer = await alice.api.post('/customers', { name: 'Granite Foods Ltd' })
  const later = { next_step_on: dateIn(5), expected_close_on: dateIn(30), customer_id: customer.id }
  await alice.api.post('/deals', { name: 'In order', ...later })
  await alice.api.post('/deals', { name: 'No step', amount: '900', ...later, next_step_on: null })
  await alice.api.post('/deals', { name: 'Late step', amount: '800', ...later, next_step_on: dateIn(-2) })
  await alice.api.post('/deals', {
    name: 'Late close',
    amount: '700',
    ...later,
    expected_close_on: dateIn(-3),
  })
  await bob.api.post('/deals', { name: 'Of Bob' })
  const [seller, leader] = [await open(alice), await open(carol)]
  await seller.visit('/')
  await leader.visit('/deals/hygiene')
  const page = seller.page
  const row = (name: string) => page.locator('li[data-deal]').filter({ hasText: name })

  // The manager: by owner, with counts.
  await expect(leader.page.getByRole('heading', { name: /Alice/ })).toContainText('3 deals to put in order')
  await expect(leader.page.getByRole('heading', { name: /Bob/ })).toContainText('1 deal to put in order')
  await expectAccessible(leader.page, 'hygiene of a team')
  await leader.page.getByRole('button', { name: 'Bob 1' }).click()
  await expect(leader.page.locator('li[data-deal]')).toHaveCount(1)
  await expect(leader.page).toHaveURL(new RegExp(`owner_id=${bob.id}`))
  await leader.page.getByRole('button', { name: 'Alice 3' }).click()
  await expect(leader.page.locator('li[data-deal]')).toHaveCount(3)
  await leader.page.getByRole('button', { name: '2 Overdue' }).click()
  await expect(leader.page.locator('li[data-deal]')).toHaveCount(2)
  await expect(leader.page).toHaveURL(/hygiene=overdue/)

  // The seller comes from home; a click dates the next step, the row goes, and comes back when it is undone.
  await page.getByRole('link', { name: 'Put in order' }).click()
  await expect(page.locator('li[data-deal]')).toHaveCount(3)
  await expect(row('Late step')).toContainText('Next step overdue by 2 days')
  await expectAccessible(page, 'hygiene of a seller')
  await row('No step').getByRole('button', { name: '+3 days' }).click()
  await expect(row('No step')).toHaveCount(0)
  expect((await alice.api.get<{ data: unknown[] }>('/deals?hygiene=no_next_step')).data).toHaveLength(0)
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(row('No step')).toBeVisible()
  await row('No step').getByRole('button', { name: '+3 days' }).click()
  await expect(row('No step')).toHaveCount(0)

  // By keys alone: the words of the step, an activity, another stage.
  await page.mouse.move(5, 5)
  await expect(row('Late step').getByRole('link', { name: 'Late step' })).toBeFocused()
  await page.keyboard.press('j')
  await expect(row('Late close').getByRole('link', { name: 'Late close' })).toBeFocused()
  await page.keyboard.press('k')
  await expect(row('Late step').getByRole('link', { name: 'Late step' })).toBeFocused()
  await page.keyboard.press('n')
  const log = page.getByRole('dialog', { name: 'Log activity' })
  await log.getByLabel('What happened').fill('They want a second offer.')
  await log.getByRole('button', { name: /Save/ }).click()
  await expect(log).toBeHidden()
  await expect(row('Late step').getByRole('link', { name: 'Late step' })).toBeFocused()
  // The activity has changed the deal meanwhile: the move is sent again.
  seller.expects(/status of 412/)
  await page.keyboard.press('Alt+ArrowRight')
  await expect(page.getByText(/“Late step” moved to/)).toBeVisible()
  await page.keyboard.press('s')
  const plan = page.getByRole('dialog', { name: 'Next step' })
  await expectAccessible(page, 'the dialog of the next step')
  await plan.getByLabel('What').fill('Send the offer')
  await plan.getByRole('button', { name: '+1 week' }).click()
  await page.keyboard.press('Enter')
  await plan.getByRole('button', { name: 'Save' }).click()
  await expect(plan).toBeHidden()
  await expect(row('Late step')).toHaveCount(0)
  // The focus has passed on to the next one.
  await expect(row('Late close').getByRole('link', { name: 'Late close' })).toBeFocused()
  await expect(leader.page.locator('li[data-deal]')).toHaveCount(1)
  await page.keyboard.press('w')
  await expect(page.getByText('Every open deal is in order')).toBeVisible()
  await expect(leader.page.getByText('Nothing of this kind')).toBeVisible()
  await expectAccessible(page, 'hygiene without anything to do')
  const [deal] = (await alice.api.get<{ data: Record<string, unknown>[] }>('/deals?name=Late+step')).data
  expect(deal).toMatchObject({ next_step: 'Send the offer', next_step_on: dateIn(7) })
})

test('What fails is told, and nothing is taken from sight; the report leads to the page', async ({
  cast,
  open,
}) => {
  const [alice, carol] = [await cast.join('Alice'), await cast.join('Carol', 'manager')]
  await alice.api.post('/deals', { name: 'No step', expected_close_on: dateIn(9) })
  const leader = await open(carol)
  await leader.visit('/reports/hygiene')
  await leader.page.getByRole('row', { name: /Alice/ }).getByRole('link').nth(2).click()
  await expect(leader.page).toHaveURL(/\/deals\/hygiene\?.*hygiene=no_next_step/)
  await expect(leader.page.locator('li[data-deal]')).toHaveCount(1)

  const hand = await open(alice, phone)
  await hand.visit('/deals/hygiene')
  const row = hand.page.locator('li[data-deal]')
  await expect(row).toContainText('No dated next step')
  await expectAccessible(hand.page, 'hygiene on a phone')
  hand.expects(/Failed to load resource|ERR_INTERNET_DISCONNECTED|WebSocket/)
  await hand.context.setOffline(true)
  await row.getByRole('button', { name: '+1 day' }).click()
  await expect(
    hand.page.getByRole('status').or(hand.page.getByRole('alert')).filter({ hasText: /./ }).first(),
  ).toBeVisible()
  await expect(row).toContainText('No dated next step')
  await hand.context.setOffline(false)
  await row.getByRole('button', { name: '+1 day' }).click()
  await expect(row).toHaveCount(0)
})

test('The weekly digest is switched off in the settings', async ({ cast, open }) => {
  const alice = await cast.join('Alice')
  const seller = await open(alice)
  await seller.visit('/settings')
  const box = seller.page.getByRole('checkbox', { name: /Weekly digest/ })
  await expect(box).toBeChecked()
  await box.uncheck()
  await seller.settle()
  expect(await alice.api.get('/auth/me')).toMatchObject({ wants_digest: false })
  await seller.page.reload()
  await expect(box).not.toBeChecked()
})
