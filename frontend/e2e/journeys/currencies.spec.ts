import { row } from '../support/grid'
import { expect, test } from '../support/test'

test('Currencies are kept by hand and from a sheet, and reports convert by them', async ({ cast, open }) => {
  const admin = await cast.join('Ada', 'admin')
  const keeper = await open(admin)
  const { page } = keeper
  keeper.expects(/status of 409/)
  await keeper.visit('/admin/currencies')
  await expect(page.getByText('Base currency: CNY')).toBeVisible()

  await page.keyboard.press('c')
  await page.getByRole('combobox', { name: 'Currency' }).selectOption('USD')
  await page.getByRole('dialog').getByLabel('From').fill('2026-01-01')
  await page.getByRole('dialog').getByLabel('Rate', { exact: false }).last().fill('7.05')
  await page.getByRole('button', { name: 'Create' }).click()
  await expect(row(page, 'US Dollar')).toContainText('7.05')

  // The same day again: the server's words stand at the field, nothing typed is lost.
  await page.keyboard.press('c')
  await page.getByRole('combobox', { name: 'Currency' }).selectOption('USD')
  await page.getByRole('dialog').getByLabel('From').fill('2026-01-01')
  await page.getByRole('dialog').getByLabel('Rate', { exact: false }).last().fill('7.3')
  await page.getByRole('button', { name: 'Create' }).click()
  await expect(page.getByLabel('From')).toHaveAttribute('aria-invalid', 'true')
  await page.getByRole('button', { name: 'Cancel' }).click()

  await page.getByRole('button', { name: 'Paste rates' }).click()
  const sheet = page.getByRole('textbox', { name: 'Rates' })
  await sheet.fill('Currency\tDate\tRate\nUSD\t2026-06-01\t7.2\nEUR\t2026-02-30\t7.8')
  await expect(page.getByText('1 line cannot be read')).toBeVisible()
  await expect(page.getByText('Line 3')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Load' })).toBeDisabled()
  await sheet.fill('Currency\tDate\tRate\nUSD\t2026-06-01\t7.2\nEUR\t2026-02-28\t7.8')
  await expect(page.getByText('2 rates can be loaded')).toBeVisible()
  await page.getByRole('button', { name: 'Load' }).click()
  await expect(page.getByText('2 added, 0 replaced, 0 unchanged')).toBeVisible()
  const newest = page.getByRole('navigation', { name: 'Newest rates' })
  await expect(newest.getByRole('button', { name: /USD/ })).toContainText('7.2')
  await newest.getByRole('button', { name: /EUR/ }).click()
  await expect(page).toHaveURL(/currency=EUR/)
  await expect(row(page, 'US Dollar')).toHaveCount(0)

  // A correction, then a deal in dollars: the report converts it and says so.
  await row(page, 'Euro').getByText('EUR', { exact: true }).click()
  await page.getByRole('dialog').getByLabel('Rate', { exact: false }).last().fill('7.9')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(row(page, 'Euro')).toContainText('7.9')
  const deal = await admin.api.post('/deals', { name: 'Export line', amount: '100', currency: 'USD' })
  await admin.api.post(`/deals/${deal.id}/win`)
  await keeper.visit('/reports/sales?period=all&group_by=owner&owner_id=' + String(admin.api.userId))
  await expect(page.getByRole('row', { name: /^Total/ })).toContainText('¥720')
  await expect(page.getByText('USD converted into CNY.')).toBeVisible()

  await keeper.visit('/admin/currencies?currency=EUR')
  await row(page, 'Euro').getByText('EUR', { exact: true }).click()
  await page.getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('button', { name: 'Delete' }).last().click()
  await expect(row(page, 'Euro')).toHaveCount(0)
})
