import { readFile } from 'node:fs/promises'
import { unique } from '../support/cast'
import { expect, test } from '../support/test'

test('A deal becomes a quote, is sent, revised and printed; the manager sees it live', async ({
  cast,
  open,
}) => {
  const [alice, carol] = [await cast.join('Alice'), await cast.join('Carol', 'manager')]
  const [pump, service] = [`Pump ${unique()}`, `Service ${unique()}`]
  const product = await cast.root.post('/products', {
    code: unique(),
    name: pump,
    unit: 'piece',
    tax_percent: '13',
  })
  await cast.root.post('/products', { code: unique(), name: service, price: '500.00', tax_percent: '6' })
  await cast.root.patch('/settings/company', {
    entities: [{ name_en: 'Lianxi Ltd' }],
    number_pattern: 'QT-{seq}',
  })
  const customer = await alice.api.post('/customers', { name: 'Summit Motors Works' })
  const deal = await alice.api.post('/deals', {
    name: 'Pump station',
    customer_id: customer.id,
    lines: [{ product_id: product.id, quantity: '2', unit_price: '1000.00' }],
  })
  const [seller, leader] = [await open(alice), await open(carol)]
  const { page } = seller
  await Promise.all([seller.visit(`/deals/${deal.id}`), leader.visit('/quotes')])
  leader.watch()

  await page.getByRole('tab', { name: 'Quotes' }).click()
  await page.getByRole('button', { name: 'New quote' }).click()
  await expect(page).toHaveURL(/\/quotes\/\d+$/)
  const number = await page.getByRole('heading', { level: 1 }).innerText()
  const row = leader.page.getByRole('row', { name: number })
  await expect(row).toContainText('Draft')
  await expect(row).toContainText('¥2,260')

  // 2 x 1,000 and 13 %, 500 and 6 %, while it is typed.
  const lines = page.getByRole('region', { name: 'Lines' })
  await page.getByRole('button', { name: 'Add product' }).click()
  await page.getByRole('combobox', { name: 'Search name or code' }).fill(service)
  await page.getByRole('option', { name: service }).click()
  await expect(lines.getByRole('definition').last()).toHaveText('¥2,790')
  await page.getByLabel(`Discount %: ${pump}`).fill('10')
  await expect(lines.getByRole('definition').last()).toHaveText('¥2,564')
  await lines.getByRole('button', { name: 'Save' }).click()
  await expect(lines.getByRole('button', { name: 'Edit' })).toBeVisible()
  await expect(row).toContainText('¥2,564')

  await page.getByRole('button', { name: 'Send' }).click()
  await expect(page.getByRole('button', { name: 'Accepted' })).toBeVisible()
  await expect(lines.getByRole('button', { name: 'Edit' })).toHaveCount(0)
  await expect(row).toContainText('Sent')

  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page
      .getByRole('button', { name: 'PDF' })
      .click()
      .then(() => page.getByRole('menuitem', { name: 'English' }).click()),
  ])
  expect(file.suggestedFilename()).toBe(`${number}-1.en.pdf`)
  expect((await readFile(await file.path())).subarray(0, 5).toString()).toBe('%PDF-')

  await page.getByRole('button', { name: 'New revision' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(`${number} · R2`)
  await expect(page.getByRole('button', { name: 'Send' })).toBeVisible()
  await expect(leader.page.getByRole('row', { name: `${number} · R2` })).toContainText('Draft')
  await page.getByRole('button', { name: 'Send' }).click()
  await page.getByRole('button', { name: 'Accepted' }).click()
  await expect(leader.page.getByRole('row', { name: `${number} · R2` })).toContainText('Accepted')
  expect(leader.asked(/^GET \/quotes/)).toEqual([])

  await page.goBack()
  await expect(page.getByText('There is a newer revision of this quote.')).toBeVisible()
  await page.getByRole('link', { name: 'Open it' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(`${number} · R2`)
})

test('What an offer lacks is told at once', async ({ cast, open }) => {
  const alice = await cast.join('Alice')
  const deal = await alice.api.post('/deals', { name: 'Bare' })
  const quote = await alice.api.post('/quotes', { deal_id: deal.id, seller_id: null })
  const seller = await open(alice)
  const { page } = seller
  seller.expects(/status of 422/)
  await seller.visit(`/quotes/${quote.id}`)
  await page.getByRole('button', { name: 'Send' }).click()
  await expect(page.getByRole('alert')).toContainText('Lines: ')
  await expect(page.getByRole('alert')).toContainText('Customer: ')
  await expect(page.getByRole('alert')).toContainText('Seller: ')
})

test('An admin says who sells', async ({ cast, open }) => {
  const root = await cast.join('Ruth', 'admin')
  await cast.root.patch('/settings/company', { entities: [], number_pattern: 'QT-{YYYY}{MM}-{seq}' })
  const admin = await open(root)
  const { page } = admin
  admin.expects(/status of 422/)
  await admin.visit('/admin/company')
  await page.getByRole('button', { name: 'New entity' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('E-mail').fill('nobody')
  await dialog.getByRole('button', { name: 'Create' }).click()
  await expect(dialog.getByText('This is not a valid e-mail address.')).toBeVisible()
  await dialog.getByLabel('E-mail').fill('sales@example.com')
  await dialog.getByRole('button', { name: 'Create' }).click()
  await expect(dialog.getByText('This is required.')).toBeVisible()
  await dialog.getByLabel('Legal name, English').fill('Lianxi Ltd')
  await dialog
    .getByLabel('Logo', { exact: true })
    .last()
    .setInputFiles({
      name: 'logo.png',
      mimeType: 'image/png',
      buffer: Buffer.from(
        'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
        'base64',
      ),
    })
  await dialog.getByRole('button', { name: 'Create' }).click()
  const entity = page.getByRole('button', { name: 'Lianxi Ltd' })
  await expect(entity).toContainText('Default')
  await entity.click()
  await expect(dialog.locator('img')).toHaveAttribute('src', /^blob:/)
  await dialog.getByRole('button', { name: 'Cancel' }).click()

  await page.getByLabel('Pattern').fill('Q{YY}-{seq}')
  await expect(page.getByText(/For example Q\d\d-0001/)).toBeVisible()
  await page.getByRole('button', { name: 'Save' }).click()
  await expect
    .poll(() => root.api.get('/settings/company'))
    .toMatchObject({ number_pattern: 'Q{YY}-{seq}', entities: [{ name_en: 'Lianxi Ltd', is_default: true }] })
})
