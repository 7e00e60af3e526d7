import type { Locator, Page } from '@playwright/test'
import { phone } from '../support/actor'
import { row } from '../support/grid'
import { expect, test } from '../support/test'

const facts = (page: Page): Locator => page.getByRole('region', { name: 'Details' })

/** Opens a fact for editing and puts a new text in, without leaving the field. */
async function begin(page: Page, label: string, text: string): Promise<Locator> {
  await facts(page)
    .getByRole('button', { name: new RegExp(`^${label}`) })
    .click()
  const field = facts(page).getByRole('textbox', { name: label, exact: true })
  await field.fill(text)
  return field
}

test('Two people edit different fields: both win @services', async ({ cast, open }) => {
  const [alice, carol] = [await cast.join('Alice'), await cast.join('Carol', 'manager')]
  const customer = await alice.api.post('/customers', {
    name: 'Granite Systems Ltd',
    phone: '0571 8888 0001',
  })
  const [seller, leader] = [await open(alice), await open(carol)]
  await Promise.all([seller.visit(`/customers/${customer.id}`), leader.visit(`/customers/${customer.id}`)])
  leader.expects(/status of 412/)

  const company = await begin(leader.page, 'Company', 'Granite Systems Holding Ltd')
  const number = await begin(seller.page, 'Phone', '0571 8888 0002')
  await number.press('Enter')
  await expect(seller.page.getByRole('button', { name: 'Phone 0571 8888 0002' })).toBeFocused()
  // The colleague's page shows it at once, and what she is typing stays.
  await expect(leader.page.getByRole('button', { name: 'Phone 0571 8888 0002' })).toBeVisible()
  await expect(company).toBeFocused()
  await expect(company).toHaveValue('Granite Systems Holding Ltd')
  await company.press('Enter')
  await expect(leader.page.getByRole('button', { name: 'Company Granite Systems Holding Ltd' })).toBeVisible()
  await expect(seller.page.getByRole('button', { name: 'Company Granite Systems Holding Ltd' })).toBeVisible()
  const saved = await alice.api.get(`/customers/${customer.id}`)
  expect(saved).toMatchObject({ company: 'Granite Systems Holding Ltd', phone: '0571 8888 0002' })
})

test('Two people edit the same field: the second is asked, field by field', async ({ cast, open }) => {
  const [alice, carol] = [await cast.join('Alice'), await cast.join('Carol', 'manager')]
  const customer = await alice.api.post('/customers', { name: 'Cedar Energy Inc', company: 'Cedar' })
  const [seller, leader] = [await open(alice), await open(carol)]
  await Promise.all([seller.visit(`/customers/${customer.id}`), leader.visit(`/customers/${customer.id}`)])
  leader.expects(/status of 412/)
  const dialog = leader.page.getByRole('dialog', { name: 'Somebody changed this meanwhile' })

  const mine = await begin(leader.page, 'Company', 'Cedar Energy Europe')
  await (await begin(seller.page, 'Company', 'Cedar Energy Asia')).press('Enter')
  await expect(seller.page.getByRole('button', { name: 'Company Cedar Energy Asia' })).toBeVisible()
  await mine.press('Enter')
  await expect(dialog).toBeVisible()
  await expect(dialog.getByRole('group', { name: 'Company' })).toContainText('Cedar Energy Europe')
  await expect(dialog.getByRole('group', { name: 'Company' })).toContainText('Cedar Energy Asia')
  await dialog.getByRole('radio', { name: /Theirs/ }).check()
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(leader.page.getByRole('button', { name: 'Company Cedar Energy Asia' })).toBeVisible()

  const again = await begin(leader.page, 'Company', 'Cedar Energy Africa')
  await (await begin(seller.page, 'Company', 'Cedar Energy America')).press('Enter')
  await expect(seller.page.getByRole('button', { name: 'Company Cedar Energy America' })).toBeVisible()
  await again.press('Enter')
  await dialog.getByRole('radio', { name: /Mine/ }).check()
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(seller.page.getByRole('button', { name: 'Company Cedar Energy Africa' })).toBeVisible()
  expect(await alice.api.get(`/customers/${customer.id}`)).toMatchObject({ company: 'Cedar Energy Africa' })

  // Who turns away keeps what stands there.
  const third = await begin(leader.page, 'Company', 'Cedar Energy Nowhere')
  await alice.api.patch(`/customers/${customer.id}`, { company: 'Cedar Energy Arctic' })
  await expect(leader.page.getByText('Cedar Energy Nowhere')).toHaveCount(0)
  await third.press('Enter')
  await dialog.getByRole('button', { name: 'Cancel' }).last().click()
  await expect(dialog).toBeHidden()
  expect(await alice.api.get(`/customers/${customer.id}`)).toMatchObject({ company: 'Cedar Energy Arctic' })
})

test('A refused value stays in its field with the reason', async ({ cast, open }) => {
  const alice = await cast.join('Alice')
  const customer = await alice.api.post('/customers', { name: 'Willow Textiles' })
  const actor = await open(alice)
  const { page } = actor
  actor.expects(/status of 422/)
  await actor.visit(`/customers/${customer.id}`)
  const rating = await begin(page, 'Credit rating', '140')
  await rating.press('Enter')
  await expect(rating).toHaveAttribute('aria-invalid', 'true')
  await expect(rating).toHaveValue('140')
  await expect(facts(page).getByRole('alert')).toContainText(/\S/)
  await rating.fill('88')
  await rating.press('Enter')
  await expect(page.getByRole('button', { name: 'Credit rating 88' })).toBeFocused()
})

test('An activity is logged with one key, and the colleague sees it at once @services', async ({
  cast,
  open,
}) => {
  const [alice, carol] = [await cast.join('Alice'), await cast.join('Carol', 'manager')]
  const customer = await alice.api.post('/customers', { name: '武汉朗润医疗有限公司' })
  await alice.api.post('/people', { customer_id: customer.id, name: '陈静', title: '采购经理' })
  const [seller, leader, list] = [await open(alice), await open(carol), await open(carol)]
  await leader.visit(`/customers/${customer.id}`)
  await list.visit('/customers')
  await seller.visit(`/customers/${customer.id}`)
  // Who else looks at the page is told, both ways, and no longer when he or she has gone.
  await expect(leader.page.getByRole('status', { name: 'Alice is looking too' })).toBeVisible()
  await expect(seller.page.getByRole('status', { name: 'Carol is looking too' })).toBeVisible()
  leader.watch()
  list.watch()

  const timeline = leader.page.getByRole('region', { name: 'Timeline' })
  const text = seller.page.getByRole('textbox', { name: 'What happened' })
  await seller.page.keyboard.press('n')
  await expect(text).toBeFocused()
  await seller.page.keyboard.type('Their office moves in May')
  await text.press('Control+Enter')
  await expect(timeline.getByText('Their office moves in May')).toBeVisible()
  await expect(text).toHaveValue('')
  await expect(row(list.page, '朗润')).toContainText('just now')
  expect(leader.asked(/^GET \/customers\/\d+\/timeline/), 'the timeline is not asked for').toEqual([])

  await text.press('Escape')
  await seller.page.keyboard.press('l')
  await expect(text).toBeFocused()
  await expect(seller.page.getByRole('radio', { name: 'Call', exact: true })).toBeChecked()
  await seller.page.keyboard.type('约好周五看样品。\nThey want a second quote.')
  await seller.page.getByRole('combobox', { name: 'Person' }).selectOption({ label: '陈静' })
  await seller.page.getByRole('button', { name: '+3 days' }).click()
  await text.press('Control+Enter')
  await expect(timeline.getByText('They want a second quote.')).toBeVisible()
  await expect(timeline.getByRole('listitem').filter({ hasText: 'second quote' })).toContainText('陈静')
  await expect(seller.page.getByText('Activity logged').last()).toBeVisible()
  await expect(text).toHaveValue('')
  // The date of the next step and of the last activity follow everywhere.
  await expect(leader.page.getByRole('button', { name: /^Next follow-up/ })).not.toContainText('Not set')
  expect(list.asked(/^GET \/customers(\?|$)/)).toEqual([])

  await seller.page
    .getByRole('region', { name: 'Notices' })
    .getByRole('button', { name: 'Undo' })
    .last()
    .click()
  await expect(timeline.getByText('They want a second quote.')).toHaveCount(0)
  await seller.page.goto('/settings')
  await expect(leader.page.getByRole('status', { name: 'Alice is looking too' })).toHaveCount(0)
})

test('A draft of an activity outlives leaving the page', async ({ cast, open }) => {
  const alice = await cast.join('Alice')
  const customer = await alice.api.post('/customers', { name: 'Northern Labs' })
  const actor = await open(alice)
  const { page } = actor
  await actor.visit(`/customers/${customer.id}`)
  await page.keyboard.press('m')
  await expect(page.getByRole('textbox', { name: 'What happened' })).toBeFocused()
  await page.keyboard.type('Half a sentence about the mee')
  await page.keyboard.press('Escape')
  await page.getByRole('link', { name: 'Back to customers' }).click()
  await expect(row(page, 'Northern Labs')).toBeVisible()
  await page.reload()
  await row(page, 'Northern Labs').click()
  await expect(page.getByRole('textbox', { name: 'What happened' })).toHaveValue(
    'Half a sentence about the mee',
  )
  await expect(page.getByRole('radio', { name: 'Meeting' })).toBeChecked()
})

test('People, tags and deals of a customer are kept on its page', async ({ cast, open }) => {
  const [alice, carol] = [await cast.join('Alice'), await cast.join('Carol', 'manager')]
  const customer = await alice.api.post('/customers', { name: 'Lantern Trading', tags: 'VIP' })
  const [seller, leader] = [await open(alice), await open(carol)]
  await Promise.all([seller.visit(`/customers/${customer.id}`), leader.visit(`/customers/${customer.id}`)])
  leader.watch()
  await seller.page.getByRole('button', { name: 'New person' }).click()
  const dialog = seller.page.getByRole('dialog', { name: 'New person' })
  await dialog.getByLabel('Name').fill('Ingrid Larsen')
  await dialog.getByLabel('Title').fill('Head of purchasing')
  await dialog.getByLabel('Phone').fill('+47 22 00 11 22')
  await dialog
    .getByRole('button', { name: 'Create' })
    .or(dialog.getByRole('button', { name: 'Save' }))
    .click()
  await expect(leader.page.getByRole('region', { name: 'People' })).toContainText('Ingrid Larsen')

  await seller.page.getByRole('button', { name: 'Edit tags' }).click()
  await seller.page.getByRole('combobox', { name: 'Edit tags' }).fill('Trade fair')
  await seller.page.getByRole('option', { name: 'New tag “Trade fair”' }).click()
  await expect(facts(leader.page).getByText('Trade fair')).toBeVisible()
  await expect(facts(leader.page).getByText('VIP')).toBeVisible()
  expect(leader.asked(/^GET \/customers(\/\d+)?(\?|$)/)).toEqual([])
})

test('On a phone everything is a thumb away', async ({ cast, open }) => {
  const [alice, carol] = [await cast.join('Alice'), await cast.join('Carol', 'manager')]
  const customer = await alice.api.post('/customers', { name: 'Harbour Optics', phone: '0592 600 1234' })
  const [seller, leader] = [await open(alice, phone), await open(carol)]
  await leader.visit(`/customers/${customer.id}`)
  await seller.visit('/customers')
  await expect(seller.page.getByRole('link', { name: 'Call: Harbour Optics' })).toHaveAttribute(
    'href',
    'tel:+865926001234',
  )
  await seller.page.getByText('Harbour Optics').tap()
  await seller.page.getByRole('main').getByRole('button', { name: 'Call', exact: true }).tap()
  await expect(seller.page.getByRole('textbox', { name: 'What happened' })).toBeFocused()
  await seller.page.getByRole('textbox', { name: 'What happened' }).fill('Called from the train')
  await seller.page.getByRole('button', { name: 'Save' }).tap()
  await expect(leader.page.getByText('Called from the train')).toBeVisible()
  await seller.page.getByRole('tab', { name: 'Details' }).tap()
  await seller.page.getByRole('button', { name: 'Level Not set' }).tap()
  await seller.page.getByLabel('Level').selectOption({ label: 'A Key account' })
  await expect(leader.page.getByRole('button', { name: 'Level A Key account' })).toBeVisible()
})
