import { expectAccessible } from '../support/axe'
import { unique } from '../support/cast'
import { looks, shot } from '../support/looks'
import { expect, test } from '../support/test'

test('A role is composed, given, narrowed under the eyes of who has it, and replaced', async ({
  cast,
  open,
}) => {
  const nora = `Nora ${unique()}`
  const [boss, person] = [await cast.join('Rita', 'admin'), await cast.join(nora)]
  await person.api.post('/customers', { name: 'Lantern Holdings' })
  const [office, seat] = [await open(boss), await open(person)]
  // Rights change: the feed then asks the browser to load anew.
  const anew = /status of (403|410)/
  office.expects(anew)
  seat.expects(anew)
  const { page } = office
  const role = `Back office ${unique()}`

  await office.visit('/admin/roles')
  await page.getByRole('button', { name: 'Copy role “Sales”' }).click()
  const made = page.getByRole('dialog', { name: 'New role' })
  await expect(made.getByLabel('Chinese name')).toBeFocused()
  await made.getByLabel('Chinese name').fill('')
  await made.getByLabel('English name').fill(role)
  // Who may change something may read it.
  await made.getByLabel('See deals and quotes').uncheck()
  await expect(made.getByLabel('Enter, change and move deals, make quotes')).not.toBeChecked()
  await made.getByRole('button', { name: 'Create' }).click()
  const roles = page.getByRole('list', { name: 'Roles' })
  await expect(roles).toContainText(role)

  await office.visit('/admin/users')
  await page.getByRole('textbox', { name: 'Search name, e-mail, phone' }).fill(nora)
  await page.getByRole('row', { name: nora }).click()
  const user = page.getByRole('dialog', { name: nora })
  await user.getByLabel('Role').selectOption({ label: role })
  await user.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('row', { name: nora })).toContainText(role)
  await seat.visit('/customers')
  await expect(seat.page.getByRole('link', { name: 'Deals', exact: true })).toHaveCount(0)
  await expect(seat.page.getByText('Lantern Holdings')).toBeVisible()

  await office.visit('/admin/roles')
  await roles.getByRole('button', { name: role }).first().click()
  const edited = page.getByRole('dialog', { name: role })
  await expect(edited).toContainText(nora)
  await edited.getByLabel('Enter and change customers and people').uncheck()
  await edited.getByLabel('Everyone', { exact: false }).check()
  await expect(edited).toContainText('Saving changes this at once, for 1 person:')
  await expect(edited).toContainText('May no longer: Enter and change customers and people')
  await expectAccessible(page, 'dialog-role')
  await edited.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await seat.visit('/customers')
  await expect(seat.page.getByRole('button', { name: 'New customer' })).toHaveCount(0)

  await roles.getByRole('button', { name: role }).first().click()
  await edited.getByRole('button', { name: 'Delete' }).click()
  const gone = page.getByRole('dialog', { name: `Delete “${role}”?` })
  await gone.getByLabel('Role for its people').selectOption({ label: 'Sales' })
  await gone.getByRole('button', { name: 'Delete' }).click()
  await expect(roles).not.toContainText(role)
  // One act: the role and who had it come back together.
  await page.getByRole('button', { name: 'Undo' }).last().click()
  await expect(roles).toContainText(role)
  await expect(roles.getByRole('listitem').filter({ hasText: role })).toContainText('1 person')
})

for (const [language, size, view] of looks)
  test(`The editor of roles can be read: ${language}, ${size}`, async ({ cast, open }) => {
    const boss = await cast.join('Rita', 'admin', language)
    const { page } = await open(boss, view)
    await page.goto('/admin/roles')
    await page
      .getByRole('list')
      .getByRole('button', { name: language === 'en' ? 'Sales' : '销售' })
      .first()
      .click()
    await expect(page.getByRole('dialog')).toBeVisible()
    await page.getByRole('radio').nth(2).check()
    await expectAccessible(page, `dialog-role-${language}-${size}`)
    await shot(page, `dialog-role-${language}-${size}-light`)
    await page.emulateMedia({ colorScheme: 'dark' })
    await shot(page, `dialog-role-${language}-${size}-dark`)
  })
