import { readFile } from 'node:fs/promises'
import { expectAccessible } from '../support/axe'
import { phone } from '../support/actor'
import { unique } from '../support/cast'
import { shot } from '../support/looks'
import { expect, test } from '../support/test'

test('A filtered list is saved as a file, and everything at once by an admin @services', async ({
  cast,
  open,
}) => {
  const mark = unique()
  const alice = await cast.join(`Alice ${mark}`, 'admin')
  for (const name of ['First', 'Second'])
    await alice.api.post('/customers', { name: `=${name} ${mark}`, level: 'A', tags: [mark] })
  await alice.api.post('/customers', { name: `Third ${mark}` })
  const seller = await open(alice)
  const { page } = seller
  await seller.visit(`/customers?tag=${mark}&sort=name`)
  await expect(page.getByText(`=First ${mark}`)).toBeVisible()
  await page.getByRole('button', { name: 'More actions' }).click()
  await page.getByRole('menuitem', { name: 'Export' }).click()
  const dialog = page.getByRole('dialog', { name: 'Export: Customers' })
  await expect(dialog).toContainText('2 records that match the list’s filters')
  await expectAccessible(page, 'the dialog of an export')
  await shot(page, 'export-dialog')
  await dialog.getByText('CSV', { exact: true }).click()
  await dialog.getByText('Those shown').click()
  const saved = page.waitForEvent('download', { timeout: 60_000 })
  await dialog.getByRole('button', { name: 'Export', exact: true }).click()
  const file = await saved
  expect(file.suggestedFilename()).toMatch(/^Customers-\d{4}-\d\d-\d\d\.csv$/)
  const lines = (await readFile(await file.path(), 'utf-8')).trim().split('\r\n')
  expect(lines).toHaveLength(3)
  expect(lines[0]).toContain('Name,Status,Level,Owner')
  expect(lines[1]).toContain(`'=First ${mark},Lead`)
  await expect(dialog.getByRole('status')).toContainText('2 records')
  await shot(page, 'export-done')
  await dialog.getByRole('button', { name: 'Close' }).last().click()

  await seller.visit('/admin/exports')
  await expect(page.getByRole('region', { name: 'Earlier exports' })).toContainText(file.suggestedFilename())
  await expectAccessible(page, 'the exports')
  await shot(page, 'export-page')
  const again = page.waitForEvent('download', { timeout: 60_000 })
  await page.getByRole('button', { name: `Download ${file.suggestedFilename()}` }).click()
  expect((await again).suggestedFilename()).toBe(file.suggestedFilename())
  await page.getByRole('button', { name: 'Export everything' }).click()
  const whole = page.waitForEvent('download', { timeout: 60_000 })
  await page
    .getByRole('dialog', { name: 'Export everything' })
    .getByRole('button', { name: 'Export', exact: true })
    .click()
  expect((await whole).suggestedFilename()).toMatch(/^Everything-.*\.zip$/)
})

test('On a phone and in Chinese the same dialog fits', async ({ cast, open }) => {
  const mark = unique()
  const carol = await cast.join(`Carol ${mark}`, 'admin', 'zh-CN')
  await carol.api.post('/customers', { name: `客户 ${mark}` })
  const leader = await open(carol, { ...phone, language: 'zh-CN', theme: 'dark' })
  const { page } = leader
  await leader.visit('/customers')
  await page.getByRole('button', { name: '更多操作' }).click()
  await page.getByRole('menuitem', { name: '导出' }).click()
  const dialog = page.getByRole('dialog', { name: '导出客户' })
  await expect(dialog).toContainText('符合当前筛选条件')
  await expectAccessible(page, 'the dialog on a phone')
  await shot(page, 'export-dialog-phone')
  await dialog.getByText('vCard', { exact: true }).click()
  await shot(page, 'export-dialog-phone-vcard')
  await dialog.getByRole('button', { name: '取消' }).click()
  await leader.visit('/admin/exports')
  await expect(page.getByRole('region', { name: '导出记录' })).toBeVisible()
  await shot(page, 'export-page-phone')
})
