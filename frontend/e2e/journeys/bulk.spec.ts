import type { Locator, Page } from '@playwright/test'
import { phone } from '../support/actor'
import { expectAccessible } from '../support/axe'
import { unique, type Person } from '../support/cast'
import { expectTotal, grid, row } from '../support/grid'
import { card, makePipeline } from '../support/pipeline'
import { looks, shot } from '../support/looks'
import { expect, test } from '../support/test'

const bar = (page: Page): Locator => page.getByRole('region', { name: 'Selection' })
const act = (page: Page, name: string): Promise<void> =>
  bar(page).getByRole('button', { name, exact: true }).click()
const notices = (page: Page): Locator => page.getByRole('region', { name: 'Notices' })
const chosen = (page: Page): Locator => grid(page).getByRole('row', { selected: true })
const makeCustomers = (who: Person, names: readonly string[], more: object = {}): Promise<{ id: number }[]> =>
  who.api.postAll(
    '/customers',
    names.map((name) => ({ name, ...more })),
    1,
  )

test('Rows are chosen by key and by range, changed together, and a colleague sees it come and go', async ({
  cast,
  open,
}) => {
  const called = `Carol ${unique()}`
  const [alice, carol] = [await cast.join('Alice'), await cast.join(called, 'manager')]
  await makeCustomers(alice, ['Acme', 'Birch', 'Cedar', 'Dahlia'])
  const [seller, leader] = [await open(alice), await open(carol)]
  const { page } = leader
  await Promise.all([seller.visit('/customers?sort=name'), leader.visit('/customers?sort=name')])
  await expectTotal(page, 4)
  await page.keyboard.press('j')
  await page.keyboard.press('x')
  await expect(bar(page)).toContainText('1 selected')
  await page.keyboard.press('Shift+ArrowDown')
  await page.keyboard.press('Shift+ArrowDown')
  await expect(bar(page)).toContainText('3 selected')
  await expect(chosen(page)).toHaveCount(3)
  await expectAccessible(page, 'a list with chosen rows')

  await act(page, 'Edit field')
  const dialog = page.getByRole('dialog', { name: 'Edit a field of 3 customers' })
  await expect(dialog.getByRole('button', { name: 'Save' })).toBeDisabled()
  await dialog.getByLabel('Field').selectOption('Status')
  await dialog.getByLabel('Status').selectOption('Prospect')
  await expect(dialog).toContainText('This will affect 3 of 3.')
  await expectAccessible(page, 'the dialog of a change to many')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(dialog).toBeHidden()
  await expect(bar(page)).toBeHidden()
  await expect(notices(page)).toContainText('3 customers changed')
  for (const name of ['Acme', 'Birch', 'Cedar']) {
    await expect(row(page, name)).toContainText('Prospect')
    await expect(row(seller.page, name)).toContainText('Prospect')
  }
  await expect(row(seller.page, 'Dahlia')).toContainText('Lead')
  await notices(page).getByRole('button', { name: 'Undo' }).click()
  await expect(row(seller.page, 'Acme')).toContainText('Lead')
  await expect(row(seller.page, 'Cedar')).toContainText('Lead')

  // What leaves the list stays chosen and is told of; Escape lets all go.
  await leader.visit('/customers?sort=name&status=lead')
  await expectTotal(page, 4)
  await page.keyboard.press('j')
  await page.keyboard.press('x')
  await page.keyboard.press('Shift+ArrowDown')
  const birch = await alice.api.get<{ data: { id: number }[] }>('/customers?q=birch')
  await alice.api.patch(`/customers/${birch.data[0]?.id}`, { status: 'active' })
  await expect(bar(page)).toContainText('1 no longer matches')
  await expect(bar(page)).toContainText('2 selected')
  await act(page, 'Deselect')
  await expect(bar(page)).toContainText('1 selected')
  await page.keyboard.press('Escape')
  await expect(bar(page)).toBeHidden()

  // An owner is given by who leads.
  await row(page, 'Acme').getByRole('checkbox').check()
  await row(page, 'Dahlia')
    .getByRole('checkbox')
    .click({ modifiers: ['Shift'] })
  await expect(bar(page)).toContainText('3 selected')
  await act(page, 'Assign')
  const assigning = page.getByRole('dialog', { name: 'Change the owner of 3 customers' })
  await assigning.getByLabel('Owner').selectOption(called)
  await assigning.getByRole('button', { name: 'Assign' }).click()
  await expect(row(page, 'Acme')).toContainText(called)
  await expect(seller.page.getByText('Birch')).toBeVisible()
  await expect(row(seller.page, 'Acme')).toHaveCount(0)
})

test('All that match are more than are loaded; what may not be changed is named and stays chosen', async ({
  cast,
  open,
}) => {
  const [alice, bob] = [await cast.join('Alice'), await cast.join('Bob')]
  const many = Array.from({ length: 110 }, (_, at) => `Firm ${String(at).padStart(3, '0')}`)
  await alice.api.postAll(
    '/customers',
    many.map((name) => ({ name })),
  )
  await makeCustomers(bob, ['Locked Ltd'], {
    collaborators: [{ user_id: alice.id, access: 'read' }],
  })
  const { page } = await open(alice)
  await page.goto('/customers?sort=-name')
  await expectTotal(page, 111)
  await grid(page).focus()
  await page.keyboard.press('Control+a')
  await expect(bar(page)).toContainText('All 111 selected')
  await expect(bar(page).getByRole('button', { name: 'Assign' })).toHaveCount(0)
  await act(page, 'Add tags')
  const dialog = page.getByRole('dialog', { name: 'Add tags to 111 customers' })
  await dialog.getByRole('combobox').fill('Fair 2026')
  await page.keyboard.press('Enter')
  await expect(dialog).toContainText('This will affect 110 of 111.')
  await expect(dialog).toContainText('1 will stay as it is:')
  await expect(dialog).toContainText('Locked Ltd')
  await shot(page, 'bulk-preview-en-wide-light')
  await dialog.getByRole('button', { name: 'Add tags' }).click()
  await expect(dialog).toContainText('Done for 110 of 111.', { timeout: 30_000 })
  await expectAccessible(page, 'what came of a change to many')
  await dialog.getByRole('button', { name: 'Close' }).last().click()
  await expect(bar(page)).toContainText('1 selected')
  const tagged = '/customers?tag=Fair%202026&per_page=1'
  expect((await alice.api.get<{ meta: { total: number } }>(tagged)).meta.total).toBe(110)
  await page.keyboard.press('Control+z')
  await expect.poll(async () => (await alice.api.get<{ meta: { total: number } }>(tagged)).meta.total).toBe(0)
})

test('A large change is a job that goes on in the background, and is taken back as one', async ({
  cast,
  open,
}) => {
  test.setTimeout(240_000)
  const [alice, carol] = [await cast.join('Alice'), await cast.join('Carol', 'manager')]
  await alice.api.postAll(
    '/customers',
    Array.from({ length: 505 }, (_, at) => ({ name: `Large ${at}` })),
  )
  const [seller, leader] = [await open(alice), await open(carol)]
  const { page } = seller
  await Promise.all([seller.visit('/customers'), leader.visit('/customers')])
  await expectTotal(leader.page, 505)
  await row(page, 'Large').first().getByRole('checkbox').check()
  await act(page, 'Select all 505')
  await act(page, 'Delete')
  const dialog = page.getByRole('dialog', { name: 'Delete 505 customers?' })
  await expect(dialog).toContainText('This will affect 505 of 505.')
  await dialog.getByRole('button', { name: 'Delete' }).click()
  await expect(dialog.getByRole('progressbar')).toBeVisible()
  await dialog.getByRole('button', { name: 'Continue in the background' }).click()
  await expect(dialog).toBeHidden()
  await expect(page.getByRole('link', { name: /Delete 505 customers/ })).toBeVisible()
  await expect(notices(page)).toContainText('505 customers deleted', { timeout: 90_000 })
  await expect(page.getByText('No customers yet')).toBeVisible()
  await expect(leader.page.getByText('No customers yet')).toBeVisible()
  await page.keyboard.press('Control+z')
  await expect(notices(page)).toContainText('Undone', { timeout: 90_000 })
  await expectTotal(page, 505)
  await expectTotal(leader.page, 505)
})

test('Who only reads chooses nothing', async ({ cast, open }) => {
  const [alice, vera] = [await cast.join('Alice'), await cast.join('Vera', 'viewer')]
  await makeCustomers(alice, ['Acme'])
  const { page } = await open(vera)
  await page.goto('/customers')
  await expect(row(page, 'Acme').first()).toBeVisible()
  await expect(grid(page)).not.toHaveAttribute('aria-multiselectable')
  await expect(grid(page).getByRole('checkbox')).toHaveCount(0)
  await page.keyboard.press('j')
  await page.keyboard.press('x')
  await expect(bar(page)).toHaveCount(0)
})

test('On a phone a finger that rests on a row chooses it', async ({ cast, open }) => {
  const alice = await cast.join('Alice')
  await makeCustomers(alice, ['Acme', 'Birch', 'Cedar'])
  const actor = await open(alice, phone)
  const { page } = actor
  await actor.visit('/customers?sort=name')
  const place = await row(page, 'Acme').boundingBox()
  const devtools = await page.context().newCDPSession(page)
  const at = { x: (place?.x ?? 0) + 150, y: (place?.y ?? 0) + 20 }
  await devtools.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [at] })
  await expect(bar(page)).toContainText('1 selected')
  await devtools.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })
  await expect(page).toHaveURL(/\/customers\?/)
  await row(page, 'Birch').tap()
  await expect(bar(page)).toContainText('2 selected')
  await expect(chosen(page)).toHaveCount(2)
  await expectAccessible(page, 'a list with chosen rows on a phone')
  await shot(page, 'bulk-bar-en-phone-light')
  await act(page, 'Delete')
  const dialog = page.getByRole('dialog', { name: 'Delete 2 customers?' })
  await expect(dialog).toContainText('This will affect 2 of 2.')
  await shot(page, 'bulk-delete-en-phone-light')
  await dialog.getByRole('button', { name: 'Delete' }).click()
  await expectTotal(page, 1)
  await row(page, 'Cedar').tap()
  await expect(page).toHaveURL(/\/customers\/\d+/)
})

test('Deals go to a stage together from the table, and on the board they are changed by the same bar', async ({
  cast,
  open,
}) => {
  const alice = await cast.join('Alice')
  const stages = await makePipeline(cast)
  for (const name of ['One', 'Two', 'Three'])
    await alice.api.post('/deals', { name, amount: '100', stage_id: stages.stage['Contact'] })
  const { page } = await open(alice)
  await page.goto('/deals?view=table&sort=name')
  await row(page, 'One').getByRole('checkbox').check()
  await row(page, 'Two').getByRole('checkbox').check()
  await act(page, 'Move to…')
  await page.getByRole('dialog', { name: 'Move to…' }).getByRole('button', { name: 'Proposal' }).click()
  await expect(row(page, 'One')).toContainText('Proposal')
  await expect(row(page, 'Two')).toContainText('Proposal')
  await expect(row(page, 'Three')).toContainText('Contact')
  await expect(bar(page)).toBeHidden()
  await page.goto('/deals?view=board')
  for (const name of ['One', 'Two']) await card(page, name).click({ modifiers: ['ControlOrMeta'] })
  await expect(bar(page)).toContainText('2 selected')
  await shot(page, 'bulk-board-en-wide-light')
  await act(page, 'Edit field')
  const dialog = page.getByRole('dialog', { name: 'Edit a field of 2 deals' })
  await dialog.getByLabel('Field').selectOption('next_step_on')
  await dialog.locator('input[type="date"]').fill('2031-03-05')
  await expect(dialog).toContainText('This will affect 2 of 2.')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(bar(page)).toBeHidden()
  const changed = await alice.api.get<{ data: { name: string }[] }>(
    '/deals?next_step_on_from=2031-03-05&next_step_on_to=2031-03-05&sort=name',
  )
  expect(changed.data.map(({ name }) => name)).toEqual(['One', 'Two'])
})

test('Quotes that were deleted together come back together', async ({ cast, open }) => {
  const alice = await cast.join('Alice')
  const deal = await alice.api.post('/deals', { name: 'Line upgrade', amount: '100' })
  const made = await alice.api.postAll<{ number: string }>('/quotes', [
    { deal_id: deal.id },
    { deal_id: deal.id },
  ])
  const { page } = await open(alice)
  await page.goto('/quotes')
  await expect(row(page, made[1]?.number ?? '')).toBeVisible()
  await grid(page).focus()
  await page.keyboard.press('Control+a')
  await act(page, 'Delete')
  await page.getByRole('dialog', { name: 'Delete 2 quotes?' }).getByRole('button', { name: 'Delete' }).click()
  await expectTotal(page, 0)
  await notices(page).getByRole('button', { name: 'Undo' }).click()
  await expectTotal(page, 2)
  await expect(notices(page)).toContainText('2 quotes restored')
})

for (const [language, size, view] of looks)
  test(`The selection looks right: ${language}, ${size}`, async ({ cast, open }) => {
    const carol = await cast.join('Carol', 'manager', language)
    const theme = size === 'phone' ? 'dark' : 'light'
    await makeCustomers(carol, ['远山科技', 'Cedar Paper', '海棠医疗'], { status: 'prospect', tags: ['VIP'] })
    const actor = await open(carol, { ...view, theme })
    const { page } = actor
    await actor.visit('/customers')
    await grid(page).focus()
    await page.keyboard.press('Control+a')
    const all = page.getByRole('region', { name: language === 'en' ? 'Selection' : '所选记录' })
    await expect(all).toBeVisible()
    await actor.settle()
    await expectAccessible(page, 'the bar')
    await shot(page, `bulk-bar-${language}-${size}-${theme}`)
    await all.getByRole('button', { name: language === 'en' ? 'Edit field' : '修改字段' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.locator('select').first().selectOption('level')
    await dialog.locator('select').last().selectOption({ index: 1 })
    await expect(dialog.getByRole('button').last()).toBeEnabled()
    await actor.settle()
    await expectAccessible(page, 'the dialog')
    await shot(page, `bulk-field-${language}-${size}-${theme}`)
    await page.keyboard.press('Escape')
    await all.getByRole('button', { name: language === 'en' ? 'Add tags' : '添加标签' }).click()
    await page.getByRole('option').first().click()
    await actor.settle()
    await shot(page, `bulk-tags-${language}-${size}-${theme}`)
  })
