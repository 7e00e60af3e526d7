import { phone } from '../support/actor'
import { expectAccessible } from '../support/axe'
import type { Page as List } from '../support/api'
import type { Cast, Person } from '../support/cast'
import { dayAgo } from '../support/days'
import { expect, test } from '../support/test'

const dateIn = (days: number): string => dayAgo(-days)

/** Alice has three deals to put in order, and one that is; Bob has one. */
async function setScene(cast: Cast): Promise<[alice: Person, bob: Person, carol: Person]> {
  const alice = await cast.join('Alice')
  const [bob, carol] = [await cast.join('Bob'), await cast.join('Carol', 'manager')]
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
  return [alice, bob, carol]
}

test('A manager sees the team by owner, narrows it, and sees a deal go that its seller has put in order', async ({
  cast,
  open,
}) => {
  const [alice, bob, carol] = await setScene(cast)
  const leader = await open(carol)
  const page = leader.page
  const rows = page.locator('li[data-deal]')
  await leader.visit('/deals/hygiene')
  await expect(page.getByRole('heading', { name: /Alice/ })).toContainText('3 deals to put in order')
  await expect(page.getByRole('heading', { name: /Bob/ })).toContainText('1 deal to put in order')
  await expectAccessible(page, 'hygiene of a team')
  await page.getByRole('button', { name: 'Bob 1' }).click()
  await expect(rows).toHaveCount(1)
  await expect(page).toHaveURL(new RegExp(`owner_id=${bob.id}`))
  await page.getByRole('button', { name: 'Alice 3' }).click()
  await expect(rows).toHaveCount(3)
  await page.getByRole('button', { name: '2 Overdue' }).click()
  await expect(rows).toHaveCount(2)
  await expect(page).toHaveURL(/hygiene=overdue/)
  const [late] = (await alice.api.get<List>('/deals?name=Late+step')).data
  await alice.api.patch(`/deals/${late?.id}`, { next_step_on: dateIn(1) })
  await expect(rows).toHaveCount(1)
  await expect(page.getByRole('button', { name: '1 Overdue' })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Alice 2' })).toBeVisible()
})

test('A seller puts deals in order by clicks and by keys', async ({ cast, open }) => {
  const [alice] = await setScene(cast)
  const seller = await open(alice)
  const page = seller.page
  const row = (name: string) => page.locator('li[data-deal]').filter({ hasText: name })
  const link = (name: string) => row(name).getByRole('link', { name })
  await seller.visit('/')
  await page.getByRole('link', { name: 'Put in order' }).click()
  await expect(page.locator('li[data-deal]')).toHaveCount(3)
  await expect(row('Late step')).toContainText(/Next step overdue by [23] days/)

  // A click dates the next step, the row goes, and comes back when it is undone.
  await row('No step').getByRole('button', { name: '+3 days' }).click()
  await expect(row('No step')).toHaveCount(0)
  expect((await alice.api.get<List>('/deals?hygiene=no_next_step')).data).toEqual([])
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(row('No step')).toBeVisible()
  await row('No step').getByRole('button', { name: '+3 days' }).click()
  await expect(row('No step')).toHaveCount(0)

  // By keys alone: from row to row, an activity, another stage, the words of the step.
  await page.mouse.move(5, 5)
  await expect(link('Late step')).toBeFocused()
  await page.keyboard.press('j')
  await expect(link('Late close')).toBeFocused()
  await page.keyboard.press('k')
  await expect(link('Late step')).toBeFocused()
  await page.keyboard.press('n')
  const log = page.getByRole('dialog', { name: 'Log activity' })
  await log.getByLabel('What happened').fill('They want a second offer.')
  await log.getByRole('button', { name: /Save/ }).click()
  await expect(log).toBeHidden()
  await expect(link('Late step')).toBeFocused()
  // The activity has changed the deal meanwhile: the move is sent again.
  seller.expects(/status of 412/)
  await page.keyboard.press('Alt+ArrowRight')
  await expect(page.getByText(/“Late step” moved to/)).toBeVisible()
  await page.keyboard.press('s')
  const plan = page.getByRole('dialog', { name: 'Next step' })
  await expectAccessible(page, 'the dialog of the next step')
  await plan.getByLabel('What').fill('Send the offer')
  await plan.getByRole('button', { name: '+1 week' }).click()
  await plan.getByRole('button', { name: 'Save' }).click()
  await expect(plan).toBeHidden()
  await expect(row('Late step')).toHaveCount(0)
  const [deal] = (await alice.api.get<List>('/deals?name=Late+step')).data
  expect(deal).toMatchObject({ next_step: 'Send the offer', next_step_on: dateIn(7) })
  // The focus has passed on to the last one.
  await expect(link('Late close')).toBeFocused()
  await page.keyboard.press('w')
  await expect(page.getByText('Every open deal is in order')).toBeVisible()
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
