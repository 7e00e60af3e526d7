import { unique } from '../support/cast'
import { expectTotal, row } from '../support/grid'
import { expect, test } from '../support/test'

test('A new colleague gets a team and a sign-in, sees only the own records, and leaves', async ({
  cast,
  open,
}) => {
  // Who takes over is chosen by name: no other journey has this one.
  const heirName = `Alice ${unique()}`
  const [boss, alice] = [await cast.join('Rita', 'admin'), await cast.join(heirName)]
  await alice.api.post('/customers', { name: 'Lantern Holdings' })
  const office = await open(boss)
  const { page } = office
  // Teams change what people see: the feed then asks every browser to load anew.
  const anew = /status of 410 .*\/events/
  office.expects(anew)
  const team = `East ${unique()}`

  await office.visit('/admin/teams')
  await page.getByRole('button', { name: 'New team', exact: true }).click()
  const teamDialog = page.getByRole('dialog', { name: 'New team' })
  await teamDialog.getByLabel('Team name').fill(team)
  await teamDialog.getByLabel('Region').fill('Jiangsu')
  await teamDialog.getByRole('button', { name: 'Create' }).click()
  await expect(page.getByRole('list', { name: 'Teams' })).toContainText(team)

  const email = `${unique()}@example.com`
  await page.getByRole('link', { name: 'Users', exact: true }).click()
  await page.getByRole('button', { name: 'New user' }).click()
  const userDialog = page.getByRole('dialog', { name: 'New user' })
  await userDialog.getByLabel('Name').fill('Nora Neumann')
  await userDialog.getByLabel('E-mail').fill(email)
  await userDialog.getByLabel('Role').selectOption({ label: 'Sales' })
  await userDialog.getByLabel('Team').selectOption({ label: team })
  await userDialog.getByRole('button', { name: 'Make up a password' }).click()
  await userDialog.getByRole('button', { name: 'Create' }).click()
  const handOver = page.getByRole('dialog', { name: 'Sign-in details' })
  const [, account = '', first = ''] = (
    await handOver.getByRole('textbox', { name: 'Sign-in details' }).inputValue()
  ).split('\n')
  expect(account).toBe(email)
  await handOver.getByRole('button', { name: 'Done' }).click()
  await expect(row(page, 'Nora Neumann')).toContainText(team)

  // She signs in with what she was told, and has to choose a password of her own.
  const desk = await open(null)
  desk.expects(/status of 4(01|22)/, anew)
  await desk.page.goto('/customers')
  // Her account has the language of the installation; what is chosen on the device comes first.
  await desk.page.getByRole('button', { name: '简体中文' }).click()
  await desk.page.getByRole('button', { name: 'English' }).click()
  await desk.page.getByLabel('E-mail or phone').fill(email)
  await desk.page.getByLabel('Password', { exact: true }).fill(first)
  await desk.page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await expect(desk.page.getByRole('heading', { name: 'Choose a new password' })).toBeVisible()
  await desk.page.goto('/customers')
  await expect(desk.page.getByRole('heading', { name: 'Choose a new password' })).toBeVisible()
  const change = desk.page.getByRole('button', { name: 'Change password' })
  await desk.page.getByLabel('Current password').fill(first)
  await desk.page.getByLabel('New password', { exact: true }).fill('short')
  await desk.page.getByLabel('New password again').fill('short')
  await change.click()
  await expect(desk.page.getByLabel('New password', { exact: true })).toHaveAttribute('aria-invalid', 'true')
  await desk.page.getByLabel('New password', { exact: true }).fill('nine green bottles 9')
  await desk.page.getByLabel('New password again').fill('nine green bottles 8')
  await change.click()
  await expect(desk.page.getByText('The two do not match.')).toBeVisible()
  await desk.page.getByLabel('New password again').fill('nine green bottles 9')
  await change.click()
  // She sees nothing of the other team, and may not administer.
  await expect(desk.page.getByText('No customers yet')).toBeVisible()
  await expect(desk.page.getByRole('link', { name: 'Admin' })).toHaveCount(0)
  await desk.page.keyboard.press('c')
  const created = desk.page.getByRole('dialog', { name: 'New customer' })
  await created.getByLabel('Name').fill('宁波青禾建材有限公司')
  await created.getByRole('button', { name: 'Create' }).click()
  await expect(desk.page.getByRole('heading', { level: 1, name: '宁波青禾建材有限公司' })).toBeVisible()

  // She leaves: her open browser is cut at once, her records go to the successor.
  await row(page, 'Nora Neumann').click()
  await page.getByRole('dialog').getByRole('button', { name: 'Deactivate' }).click()
  const leaving = page
    .getByRole('dialog', { name: 'Deactivate “Nora Neumann”?' })
    .or(page.getByRole('alertdialog', { name: 'Deactivate “Nora Neumann”?' }))
  await leaving.getByLabel('Hand over to').selectOption({ label: heirName })
  await leaving.getByRole('button', { name: 'Deactivate' }).click()
  await expect(row(page, 'Nora Neumann')).toHaveCount(0)
  await expect(
    desk.page
      .getByRole('dialog', { name: 'Please sign in again' })
      .or(desk.page.getByRole('heading', { name: 'Welcome back' })),
  ).toBeVisible()
  const heir = await open(alice)
  await heir.visit('/customers')
  await expectTotal(heir.page, 2)
  await expect(row(heir.page, '宁波青禾建材有限公司')).toContainText(heirName)
})

test('Stages, products, options and tags are kept by the admin and are there for everybody', async ({
  cast,
  open,
}) => {
  const [boss, alice] = [await cast.join('Rita', 'admin'), await cast.join('Alice')]
  const [office, seller] = [await open(boss), await open(alice)]
  const { page } = office
  await seller.visit('/deals')

  const pipeline = `Renewals ${unique()}`
  await office.visit('/admin/pipelines')
  await page.getByRole('button', { name: 'New pipeline' }).first().click()
  await page.getByRole('dialog', { name: 'New pipeline' }).getByLabel('Pipeline name').fill(pipeline)
  await page.getByRole('dialog', { name: 'New pipeline' }).getByRole('button', { name: 'Create' }).click()
  await expect(page.getByRole('dialog')).toHaveCount(0)
  // The other browser can choose it without a reload.
  await expect(async () => {
    await seller.page.getByRole('button', { name: /^Pipeline: / }).click()
    await expect(seller.page.getByText(pipeline)).toBeVisible({ timeout: 1_000 })
  }).toPass()
  await seller.page.getByText(pipeline).click()
  await expect(seller.page.getByRole('region', { name: /^Negotiation / })).toBeVisible()
  expect(seller.loads).toBe(1)

  const product = `Filter ${unique()}`
  await page.getByRole('link', { name: 'Products', exact: true }).click()
  await page.getByRole('button', { name: 'New product' }).first().click()
  const productDialog = page.getByRole('dialog', { name: 'New product' })
  await productDialog.getByLabel('Product').fill(product)
  await productDialog.getByLabel('Code').fill(unique())
  await productDialog.getByLabel('Price').fill('19.90')
  await productDialog.getByRole('button', { name: 'Create' }).click()
  await expect(row(page, product)).toBeVisible()

  await page.getByRole('link', { name: 'Options', exact: true }).click()
  await page.getByRole('button', { name: 'New option' }).click()
  const optionDialog = page.getByRole('dialog', { name: 'New option' })
  const label = `Chamber ${unique()}`
  await optionDialog.getByLabel('Chinese label').fill(`商会${unique()}`)
  await optionDialog.getByLabel('English label').fill(label)
  await optionDialog.getByLabel('Value').fill(unique())
  await optionDialog.getByRole('button', { name: 'Create' }).click()
  await expect(page.getByRole('button', { name: new RegExp(`^${label}`) })).toBeVisible()
  await seller.page.goto('/customers')
  await seller.page.getByRole('button', { name: 'New customer' }).first().click()
  await expect(
    seller.page.getByRole('dialog').getByLabel('Source').getByRole('option', { name: label }),
  ).toBeAttached()
})

test('Pages that a role may not open say so', async ({ cast, open }) => {
  const [alice, viewer] = [await cast.join('Alice'), await cast.join('Vera', 'viewer')]
  const seller = await open(alice)
  await seller.visit('/admin/users')
  await expect(seller.page.getByRole('heading', { level: 1, name: 'You may not open this' })).toBeVisible()
  await seller.page.getByRole('button', { name: 'Go to the start page' }).click()
  await expect(seller.page.getByRole('heading', { level: 1, name: 'Home' })).toBeVisible()
  await seller.page.goto('/no/such/page')
  await expect(seller.page.getByRole('heading', { level: 1, name: 'Page not found' })).toBeVisible()
  seller.expects(/status of 404/)
  await seller.page.goto('/customers/99999999')
  await expect(seller.page.getByText('This customer is not here')).toBeVisible()
  await seller.page.goto('/deals/99999999')
  await expect(seller.page.getByText('This deal is not here')).toBeVisible()

  // Who only reads is offered nothing to write with.
  const customer = await alice.api.post('/customers', { name: 'Summit Foods' })
  const reader = await open(viewer)
  await reader.visit(`/customers/${customer.id}`)
  await expect(reader.page.getByRole('heading', { level: 1, name: 'Summit Foods' })).toBeVisible()
  await expect(reader.page.getByRole('textbox', { name: 'What happened' })).toHaveCount(0)
  await expect(reader.page.getByRole('button', { name: /^Name Summit Foods/ })).toBeDisabled()
  await reader.page.goto('/customers')
  await expect(row(reader.page, 'Summit Foods')).toBeVisible()
  await expect(reader.page.getByRole('button', { name: 'New customer' })).toHaveCount(0)
})
