import type { Row } from '../support/api'
import { expectAccessible } from '../support/axe'
import { unique } from '../support/cast'
import { looks, shot } from '../support/looks'
import { expect, test } from '../support/test'

test('An admin hands out what is known of a person, and erases him', async ({ cast, open }) => {
  const boss = await cast.join(`Rita ${unique()}`, 'admin')
  const name = `Emil Kuhn ${unique()}`
  const customer = await boss.api.post<Row>('/customers', { name, kind: 'person', phone: '13912345678' })
  const office = await open(boss)
  const { page } = office

  await office.visit(`/customers/${customer.id}`)
  await page.getByRole('button', { name: 'More actions' }).first().click()
  await page.getByRole('menuitem', { name: 'Personal data…' }).click()
  const dialog = page.getByRole('dialog', { name: `Personal data of ${name}` })
  await expectAccessible(page, 'dialog-personal-data')
  for (const [label, ending] of [
    ['To read (HTML)', 'html'],
    ['For programs (JSON)', 'json'],
  ] as const) {
    const download = page.waitForEvent('download')
    await dialog.getByRole('button', { name: label }).click()
    expect((await download).suggestedFilename()).toBe(`${name}.${ending}`)
  }

  await dialog.getByRole('button', { name: 'Erase…' }).click()
  const sure = page.getByRole('dialog', { name: `Erase ${name}?` })
  await expect(sure).toContainText('This cannot be undone by anybody.')
  const erase = sure.getByRole('button', { name: 'Erase for good' })
  await expect(erase).toBeDisabled()
  await expect(sure.getByLabel('Reason')).toBeFocused()
  await sure.getByLabel('Reason').fill('asked for it by letter')
  office.expects(/status of 422/)
  await sure.getByLabel('Current password').fill('not my password 1')
  await erase.click()
  await expect(sure).toContainText('This is not the current password.')
  await sure.getByLabel('Current password').fill(boss.password)
  await erase.click()
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await expect(page.getByText(`${name} was erased`)).toBeVisible()
  await expect(page.getByRole('heading', { level: 1 })).toContainText(`#${customer.id}`)
  await expect(page.getByText('13912345678')).toHaveCount(0)

  await expect(async () => {
    await office.visit('/admin/access-log')
    await page.getByLabel('Who').selectOption({ label: boss.name })
    await expect(page.getByRole('row', { name: 'opened' }).first()).toBeVisible({ timeout: 3_000 })
  }).toPass()
  await expect(page.getByRole('row', { name: 'handed out the personal data of' }).first()).toBeVisible()
})

test('Rules of retention tell what they would take before they hold', async ({ cast, open }) => {
  const boss = await cast.join(`Rita ${unique()}`, 'admin')
  const office = await open(boss)
  const { page } = office
  await office.visit('/admin/retention')
  const bin = page.getByLabel('Recycle bin')
  await bin.fill('soon')
  office.expects(/status of 422/)
  await page.getByRole('button', { name: 'Check and save…' }).click()
  await expect(page.getByRole('alert').first()).toBeVisible()
  await bin.fill('400')
  await page.getByRole('button', { name: 'Check and save…' }).click()
  const asked = page.getByRole('dialog', { name: 'Save these rules?' })
  await expect(asked).toContainText('Records in the recycle bin')
  await asked.getByRole('button', { name: 'Save the rules' }).click()
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await expect(page.getByText('Rules saved')).toBeVisible()
  await page.getByRole('button', { name: 'Undo' }).last().click()
  await expect(bin).toHaveValue('')
})

for (const [language, size, view] of looks)
  test(`The pages of privacy can be read: ${language}, ${size}`, async ({ cast, open }) => {
    const boss = await cast.join(`Rita ${unique()}`, 'admin', language)
    const name = language === 'en' ? `Emil ${unique()}` : `王小明 ${unique()}`
    const customer = await boss.api.post<Row>('/customers', { name, kind: 'person', phone: '13912345678' })
    await boss.api.get(`/customers/${customer.id}`)
    const { page } = await open(boss, view)
    const seen = async (what: string): Promise<void> => {
      await page.emulateMedia({ colorScheme: 'light' })
      await expectAccessible(page, `${what}-${language}-${size}`)
      await shot(page, `${what}-${language}-${size}-light`)
      await page.emulateMedia({ colorScheme: 'dark' })
      await shot(page, `${what}-${language}-${size}-dark`)
    }
    await page.goto('/admin/retention')
    await expect(page.locator('form input').first()).toBeVisible()
    await seen('retention')
    await page.goto('/admin/access-log')
    await expect(page.locator('select').first()).toBeVisible()
    await seen('access-log')
    await page.goto(`/customers/${customer.id}`)
    await page
      .getByRole('button', { name: language === 'en' ? 'More actions' : '更多操作' })
      .first()
      .click()
    await page.getByRole('menuitem', { name: language === 'en' ? 'Personal data…' : '个人数据…' }).click()
    const dialog = page.getByRole('dialog')
    await expect(dialog.getByRole('heading', { level: 3 }).first()).toBeVisible()
    await seen('personal-data')
    await dialog.getByRole('button', { name: language === 'en' ? 'Erase…' : '擦除…' }).click()
    await expect(dialog.locator('input').first()).toBeVisible()
    await seen('erase')
  })
