import { phone } from '../support/actor'
import { expectAccessible } from '../support/axe'
import { row } from '../support/grid'
import { expect, test } from '../support/test'

test('A lead is qualified with its first person and deal; a colleague sees it leave the list', async ({
  cast,
  open,
}) => {
  const [alice, carol] = [await cast.join('Alice'), await cast.join('Carol', 'manager')]
  const lead = await alice.api.post('/customers', {
    name: 'Willow Optics Ltd',
    phone: '0571 8888 0003',
    source: 'referral',
  })
  await alice.api.post('/customers', { name: 'Cedar Paper Inc' })
  const [seller, leader] = [await open(alice), await open(carol)]
  await Promise.all([seller.visit(`/customers/${lead.id}`), leader.visit('/customers/leads')])
  await expect(row(leader.page, 'Willow Optics Ltd')).toContainText('Referral')
  await leader.page.mouse.move(5, 5)

  const band = seller.page.getByRole('region', { name: 'Lead', exact: true })
  await expect(band).toContainText('not contacted yet')
  await expectAccessible(seller.page, 'the page of a lead')
  await band.getByRole('button', { name: 'Qualify', exact: true }).click()
  const dialog = seller.page.getByRole('dialog', { name: 'Qualify' })
  await expect(dialog.getByLabel('Name')).toHaveValue('First deal with Willow Optics Ltd')
  await dialog.getByLabel('Amount').fill('12,500')
  await dialog.getByRole('checkbox', { name: 'Add a first person' }).check()
  await seller.settle()
  await expectAccessible(seller.page, 'the dialog that qualifies')
  // What is wrong is said at its field, and nothing is lost or half done.
  seller.expects(/status of 422/)
  await dialog.getByRole('button', { name: 'Qualify' }).click()
  const person = dialog.getByRole('group', { name: 'Add a first person' })
  await expect(person.getByLabel('Name')).toHaveAttribute('aria-invalid', 'true')
  expect((await alice.api.get<{ meta: { total: number } }>('/deals')).meta.total).toBe(0)
  await person.getByLabel('Name').fill('Anna Berg')
  await expect(person.getByLabel('Phone')).toHaveValue('0571 8888 0003')
  await dialog.getByRole('button', { name: 'Qualify' }).click()

  await expect(dialog).toBeHidden()
  await expect(band).toBeHidden()
  await expect(seller.page.getByText('Prospect', { exact: true }).first()).toBeVisible()
  await expect(seller.page.getByText('Anna Berg').first()).toBeVisible()
  await expect(seller.page.getByText('First deal with Willow Optics Ltd').first()).toBeVisible()
  await expect(seller.page.getByText('qualified the customer')).toBeVisible()
  await expect(row(leader.page, 'Willow Optics Ltd')).toHaveCount(0)
  await expect(row(leader.page, 'Cedar Paper Inc')).toBeVisible()
})

test('A lead is given up for a reason from the list, and taken up again from its page', async ({
  cast,
  open,
}) => {
  const [alice, carol] = [await cast.join('Alice'), await cast.join('Carol', 'manager')]
  const lead = await alice.api.post('/customers', { name: 'Delta Motors GmbH' })
  const [seller, leader] = [await open(alice), await open(carol, phone)]
  await Promise.all([seller.visit('/'), leader.visit(`/customers/${lead.id}`)])
  await seller.page.getByRole('navigation').getByRole('link', { name: 'Leads' }).click()
  await expectAccessible(seller.page, 'the leads')
  await seller.page.getByRole('button', { name: 'Disqualify: Delta Motors GmbH' }).click()
  const dialog = seller.page.getByRole('dialog', { name: 'Why is it given up?' })
  seller.expects(/status of 422/)
  await dialog.getByRole('button', { name: 'Disqualify' }).click()
  await expect(dialog.getByText('Choose a reason.')).toBeVisible()
  await dialog.getByRole('radio', { name: 'Other', exact: true }).check()
  await dialog.getByRole('button', { name: 'Disqualify' }).click()
  await expect(dialog.getByLabel('Note on giving up')).toHaveAttribute('aria-invalid', 'true')
  await dialog.getByLabel('Note on giving up').fill('They closed the plant.')
  await dialog.getByRole('button', { name: 'Disqualify' }).click()
  await expect(dialog).toBeHidden()
  await expect(row(seller.page, 'Delta Motors GmbH')).toHaveCount(0)

  const band = leader.page.getByRole('region', { name: 'Lead', exact: true })
  await expect(band).toContainText('Given up: Other')
  await expect(band).toContainText('They closed the plant.')
  // What has just come in fades in.
  await leader.settle()
  await expectAccessible(leader.page, 'the page of a lead that was given up')
  await band.getByRole('button', { name: 'Reopen as lead' }).click()
  await expect(band.getByRole('button', { name: 'Qualify', exact: true })).toBeVisible()
  await expect(row(seller.page, 'Delta Motors GmbH')).toBeVisible()
})
