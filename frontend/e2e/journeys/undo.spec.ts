import type { Locator, Page } from '@playwright/test'
import { phone } from '../support/actor'
import { expectAccessible } from '../support/axe'
import { row } from '../support/grid'
import { shot } from '../support/looks'
import { expect, test } from '../support/test'

const notices = (page: Page): Locator => page.getByRole('region', { name: 'Notices' })
const history = (page: Page): Locator => page.getByRole('dialog', { name: 'History' })

/** Changes a fact of the customer's page. */
async function change(page: Page, label: string, text: string): Promise<void> {
  const facts = page.getByRole('region', { name: 'Details' })
  await facts.getByRole('button', { name: new RegExp(`^${label}`) }).click()
  const field = facts.getByRole('textbox', { name: label, exact: true })
  await field.fill(text)
  await field.press('Enter')
  await expect(facts.getByRole('button', { name: `${label} ${text}` })).toBeFocused()
}

test('An edit is taken back by its notice, in both browsers, and done again', async ({ cast, open }) => {
  const [alice, carol] = [await cast.join('Alice'), await cast.join('Carol', 'manager')]
  const customer = await alice.api.post('/customers', { name: 'Granite Systems Ltd', phone: '0571 1' })
  const [seller, leader] = [await open(alice), await open(carol)]
  await Promise.all([seller.visit(`/customers/${customer.id}`), leader.visit(`/customers/${customer.id}`)])
  const shown = (page: Page, text: string): Locator =>
    page.getByRole('button', { name: `Phone ${text}`, exact: true })
  await change(seller.page, 'Phone', '0571 2')
  await expect(shown(leader.page, '0571 2')).toBeVisible()
  await expect(notices(seller.page).getByText('Changed: Phone')).toBeVisible()
  await notices(seller.page).getByRole('button', { name: 'Undo' }).click()
  await expect(shown(seller.page, '0571 1')).toBeVisible()
  await expect(shown(leader.page, '0571 1')).toBeVisible()
  await expect(notices(leader.page).getByText('Undone')).toHaveCount(0)
  await notices(seller.page).getByRole('button', { name: 'Redo' }).click()
  await expect(shown(seller.page, '0571 2')).toBeVisible()
  await expect(shown(leader.page, '0571 2')).toBeVisible()

  // Who leads takes it back from the timeline, which tells of all of it.
  const timeline = leader.page.getByRole('region', { name: 'Timeline' })
  const undoings = timeline.getByRole('button', { name: 'Undo this change' })
  // Made, changed, taken back, done again: the last of it must have arrived.
  await expect(undoings).toHaveCount(4)
  await undoings.first().click()
  await expect(shown(seller.page, '0571 1')).toBeVisible()
  await expect(timeline.getByText('0571 1').first()).toBeVisible()
})

test('Ctrl+Z goes back act by act, outside of fields, and Ctrl+Shift+Z forth', async ({ cast, open }) => {
  const alice = await cast.join('Alice')
  const customer = await alice.api.post('/customers', { name: 'Maple Optics Ltd' })
  const actor = await open(alice)
  const { page } = actor
  await actor.visit(`/customers/${customer.id}`)
  await change(page, 'Company', 'Maple')
  await change(page, 'Company', 'Maple Holding')
  const fact = page.getByRole('region', { name: 'Details' }).getByRole('button', { name: /^Company/ })
  // In a field the browser's own undo is meant.
  await fact.click()
  const field = page.getByRole('textbox', { name: 'Company', exact: true })
  await field.pressSequentially('!')
  await field.press('Control+z')
  await field.press('Escape')
  await expect(fact).toHaveAccessibleName('Company Maple Holding')
  await page.keyboard.press('Control+z')
  await expect(fact).toHaveAccessibleName('Company Maple')
  await page.keyboard.press('Control+z')
  await expect(fact).not.toHaveAccessibleName(/Maple/)
  await page.keyboard.press('Control+z')
  await expect(notices(page).getByText('There is nothing to undo')).toBeVisible()
  await page.keyboard.press('Control+Shift+z')
  await page.keyboard.press('Control+Shift+z')
  await expect(fact).toHaveAccessibleName('Company Maple Holding')

  // What was deleted is there again, and so is its page.
  await page.getByRole('button', { name: 'More actions' }).first().click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await expect(page).toHaveURL(/\/customers$/)
  await expect(row(page, 'Maple')).toHaveCount(0)
  await page.keyboard.press('Control+z')
  await expect(page.getByRole('heading', { level: 1, name: 'Maple Optics Ltd' })).toBeVisible()
})

test('Who worked on it since is named, and nothing is touched', async ({ cast, open }) => {
  const [alice, carol] = [await cast.join('Alice'), await cast.join('Carol', 'manager')]
  const customer = await alice.api.post('/customers', { name: 'Cedar Energy Inc', company: 'Cedar' })
  const actor = await open(alice)
  const { page } = actor
  actor.expects(/status of 409/)
  await actor.visit(`/customers/${customer.id}`)
  await change(page, 'Company', 'Cedar Energy Asia')
  await carol.api.patch(`/customers/${customer.id}`, { company: 'Cedar Energy Africa' })
  await expect(page.getByRole('button', { name: 'Company Cedar Energy Africa' })).toBeVisible()
  await page.keyboard.press('Control+z')
  const notice = notices(page).getByText(/Not undone/)
  await expect(notice).toContainText('Company – changed by Carol, just now')
  await expect(page.getByRole('button', { name: 'Company Cedar Energy Africa' })).toBeVisible()
  await shot(page, 'undo-conflict-en-wide-light')
  // What has just arrived is still fading in.
  await page.waitForTimeout(600)
  await expectAccessible(page, 'undo conflict')
  await notices(page).getByRole('button', { name: 'History' }).click()
  await expect(history(page).getByText('Cedar Energy Africa')).toBeVisible()
})

for (const language of ['en', 'zh-CN'] as const) {
  test(`The history gives back a field, a change, a version: ${language}`, async ({ cast, open }) => {
    const words =
      language === 'en'
        ? {
            history: 'History',
            restore: 'Restore Phone: 0571 1',
            back: 'Back to this version',
            set: 'Set back',
            undo: 'Undo this change',
            left: 'Owner',
          }
        : {
            history: '历史',
            restore: '恢复电话：0571 1',
            back: '回到此版本',
            set: '恢复',
            undo: '撤销此次修改',
            left: '负责人',
          }
    const alice = await cast.join('Alice', 'sales', language)
    const carol = await cast.join('Carol', 'manager', language)
    const customer = await alice.api.post('/customers', { name: 'Birch', phone: '0571 1', tags: ['VIP'] })
    const path = `/customers/${customer.id}`
    await alice.api.patch(path, { phone: '0571 2', address: { city: 'Ulm' } })
    await carol.api.patch(path, { phone: '0571 3', level: 'A', tags: ['VIP', 'Fair'] })
    await alice.api.post('/contacts', { customer_id: customer.id, kind: 'note', content: 'x' })
    const actor = await open(alice)
    const { page } = actor
    await actor.visit(path)
    await page.keyboard.press('h')
    const dialog = page.getByRole('dialog', { name: words.history })
    await expect(dialog.getByText('Carol')).toBeVisible()
    await actor.settle()
    await expectAccessible(page, `history ${language}`)
    await shot(page, `history-${language}-wide-light`)
    await page.emulateMedia({ colorScheme: 'dark' })
    await expectAccessible(page, `history ${language}, dark`, ['color-contrast'])
    await shot(page, `history-${language}-wide-dark`)
    await page.emulateMedia({ colorScheme: 'light' })

    await dialog.getByRole('button', { name: words.restore }).click()
    await expect.poll(async () => (await alice.api.get(path)).phone).toBe('0571 1')
    // It came in as a change of its own, on top.
    await expect(dialog.getByRole('listitem').first()).toContainText('0571 3')

    const carols = dialog.getByRole('listitem').filter({ hasText: 'Carol' }).first()
    await carols.getByRole('button', { name: words.back }).click()
    await expect(dialog.getByRole('region', { name: words.back })).toContainText('0571 3')
    await shot(page, `history-back-${language}-wide-light`)
    await expectAccessible(page, `back to a version ${language}`)
    await dialog.getByRole('button', { name: words.set, exact: true }).click()
    await expect.poll(async () => (await alice.api.get(path)).phone).toBe('0571 3')

    await carols.getByRole('button', { name: words.undo }).click()
    await expect.poll(async () => (await alice.api.get(path)).tags).toEqual(['VIP'])
    expect(await alice.api.get(path)).toMatchObject({
      phone: '0571 2',
      level: null,
      address: { city: 'Ulm' },
    })
  })
}

test('The history fits a phone', async ({ cast, open }) => {
  const alice = await cast.join('Alice', 'sales', 'zh-CN')
  const customer = await alice.api.post('/customers', { name: '武汉朗润医疗有限公司', phone: '0571 1' })
  await alice.api.patch(`/customers/${customer.id}`, { phone: '0571 2', tags: ['重点'] })
  const actor = await open(alice, phone)
  await actor.visit(`/customers/${customer.id}`)
  await actor.page.getByRole('button', { name: '更多操作' }).first().click()
  await actor.page.getByRole('menuitem', { name: '历史' }).click()
  const dialog = actor.page.getByRole('dialog', { name: '历史' })
  await expect(dialog.getByText('0571 1').first()).toBeVisible()
  await expect(dialog.getByText('重点')).toBeVisible()
  await expectAccessible(actor.page, 'history on a phone')
  await shot(actor.page, 'history-zh-CN-phone-light')
  await dialog
    .getByRole('button', { name: /回到此版本/ })
    .last()
    .click()
  await shot(actor.page, 'history-back-zh-CN-phone-light')
})

test('The recycle bin says who and what along, and restores one, several and all', async ({ cast, open }) => {
  const [alice, carol] = [await cast.join('Alice'), await cast.join('Carol', 'manager')]
  const made: number[] = []
  for (const name of ['Acme', 'Birch', 'Cedar', 'Dahlia']) {
    const customer = await alice.api.post('/customers', { name })
    made.push(customer.id)
  }
  const [acme, birch, cedar, dahlia] = made
  await alice.api.post('/people', { customer_id: acme, name: 'Anna' })
  await alice.api.post('/people', { customer_id: acme, name: 'Ben' })
  await alice.api.post('/deals', { customer_id: acme, name: 'Upgrade' })
  await carol.api.call('DELETE', `/customers/${acme}`)
  const [seller, list] = [await open(alice), await open(carol)]
  await list.visit('/customers')
  await seller.visit('/bin')
  const { page } = seller
  await expect(row(page, 'Acme')).toContainText('2 people, 1 deal')
  await expect(row(page, 'Acme')).toContainText('Carol')
  // Somebody else's is not hers to restore.
  await expect(row(page, 'Acme').getByRole('button')).toHaveCount(0)

  // What is deleted while one looks comes in.
  for (const id of [birch, cedar, dahlia]) await alice.api.call('DELETE', `/customers/${id}`)
  await expect(row(page, 'Dahlia')).toBeVisible()
  await expectAccessible(page, 'bin')
  await row(page, 'Birch').getByRole('button', { name: 'Restore “Birch”' }).click()
  await expect(row(page, 'Birch')).toHaveCount(0)
  await expect(row(list.page, 'Birch')).toBeVisible()
  await notices(page).getByRole('button', { name: 'Undo' }).click()
  await expect(row(page, 'Birch')).toBeVisible()
  await expect(row(list.page, 'Birch')).toHaveCount(0)

  for (const name of ['Birch', 'Cedar']) await row(page, name).getByRole('checkbox').check()
  await shot(page, 'bin-selected-en-wide-light')
  await page
    .getByRole('region', { name: 'Selection' })
    .getByRole('button', { name: 'Restore', exact: true })
    .click()
  const sheet = page.getByRole('dialog', { name: 'Restore 2 customers?' })
  await expect(sheet).toContainText('This will affect 2 of 2.')
  await sheet.getByRole('button', { name: 'Restore', exact: true }).click()
  await expect(notices(page).getByText('2 customers restored')).toBeVisible()
  await expect(row(page, 'Cedar')).toHaveCount(0)

  await list.page.goto('/bin/customers')
  await list.page.getByRole('button', { name: 'Restore all' }).click()
  const question = list.page.getByRole('dialog')
  await expect(question).toContainText('Restore 2 customers?')
  await question.getByRole('button', { name: 'Restore', exact: true }).click()
  await expect(list.page.getByText('Nothing here')).toBeVisible()
  expect((await carol.api.get<{ meta: { total: number } }>(`/people?customer_id=${acme}`)).meta.total).toBe(2)
  await list.page.keyboard.press('Control+z')
  await expect(row(list.page, 'Acme')).toBeVisible()
  await expect(row(list.page, 'Dahlia')).toBeVisible()
})
