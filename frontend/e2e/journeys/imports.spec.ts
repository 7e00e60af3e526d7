import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Page } from '@playwright/test'
import { expectAccessible } from '../support/axe'
import { phone } from '../support/actor'
import { unique } from '../support/cast'
import { shot } from '../support/looks'
import { expect, test } from '../support/test'

async function give(page: Page, name: string, body: string | Buffer): Promise<void> {
  await page
    .locator('input[type=file]')
    .setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.isBuffer(body) ? body : Buffer.from(body) })
}
const next = (page: Page, name: string | RegExp) => page.getByRole('button', { name })
const figure = (page: Page, name: string) =>
  page
    .locator('dl > div')
    .filter({ has: page.getByText(name, { exact: true }) })
    .locator('dd')

test('A file is mapped, its names are decided once, it arrives live and is undone @services', async ({
  cast,
  open,
}) => {
  const mark = unique()
  // Other journeys have an Alice and a Carol too: the names in the file are of these two alone.
  const [alice, carol] = [
    await cast.join(`Alice ${mark}`, 'admin'),
    await cast.join(`Carol ${mark}`, 'manager'),
  ]
  await alice.api.post('/customers', { name: `Old ${mark}`, email: `old@${mark}.example` })
  const [seller, leader] = [await open(alice), await open(carol)]
  const { page } = seller
  await Promise.all([seller.visit('/customers'), leader.visit('/customers')])
  await page.getByRole('button', { name: 'More actions' }).click()
  await page.getByRole('menuitem', { name: 'Import' }).click()
  await expect(page).toHaveURL(/\/import\?resource=customers$/)
  await expectAccessible(page, 'the first step')

  const rows = [
    'Company name,Email,Owner,Next follow up,Remark',
    `Old ${mark},old@${mark}.example,${alice.name},03/04/2027,known`,
    `New ${mark},new@${mark}.example,A. Unknown,05/06/2027,first`,
    `Other ${mark},,A. Unknown,07/08/2027,second`,
    `,nobody@${mark}.example,${alice.name},07/08/2027,nameless`,
  ]
  await give(page, 'customers.csv', rows.join('\n'))
  await expect(page.getByRole('heading', { name: 'customers.csv' })).toBeVisible()
  await expect(page.getByRole('region', { name: 'First rows' })).toContainText(`New ${mark}`)
  await expectAccessible(page, 'how the file is read')
  // It can be read in another way, and the rows follow at once.
  await page.getByLabel('Delimiter').selectOption('Semicolon ( ; )')
  await expect(page.getByRole('columnheader', { name: 'Company name,Email' })).toBeVisible()
  await page.getByLabel('Delimiter').selectOption('Comma ( , )')
  await expect(page.getByRole('columnheader', { name: 'Email', exact: true })).toBeVisible()
  await page.keyboard.press('Control+Enter')

  await expect(page.getByText('Say how the dates of 1 column are written.')).toBeVisible()
  await expect(next(page, 'Check the rows')).toBeDisabled()
  await expectAccessible(page, 'the columns')
  await page.getByLabel('How Next follow up is written').selectOption({ label: '31/12/2026 · day first' })
  await page.getByLabel('Company name becomes').selectOption('Leave out')
  await expect(page.getByText('Still without a column: Name')).toBeVisible()
  await page.getByLabel('Company name becomes').selectOption('Name *')
  await page.getByLabel('Remark becomes').selectOption('Description')
  await next(page, 'Check the rows').click()

  const unknown = page.getByRole('region', { name: 'Unrecognised values' })
  await expect(unknown).toContainText('A. Unknown')
  await expect(unknown).toContainText('in 2 rows')
  await expect(figure(page, 'With errors')).toHaveText('3')
  const wrong = page.getByRole('region', { name: 'Rows with errors' })
  await expect(wrong).toContainText('Row 3')
  await expect(wrong).toContainText('A. Unknown is not known.')
  await expectAccessible(page, 'the check')
  await unknown.getByRole('button', { name: 'What “A. Unknown” stands for' }).click()
  await page.getByRole('option', { name: carol.name }).click()
  await expect(unknown).toContainText('All are decided. Check again.')
  await next(page, 'Check again').click()
  await expect(figure(page, 'Will be new')).toHaveText('2')
  await expect(figure(page, 'Will be updated')).toHaveText('1')
  await expect(figure(page, 'With errors')).toHaveText('1')
  const saved = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download these rows' }).click()
  expect(await readFile(await (await saved).path(), 'utf8')).toContain('nameless')

  leader.watch()
  await next(page, 'Import 3 rows').click()
  await expect(page.getByRole('heading', { name: '3 rows imported' })).toBeVisible()
  await expect(figure(page, 'Updated')).toHaveText('1')
  await expectAccessible(page, 'the result')
  await expect(leader.page.getByRole('grid')).toContainText(`Other ${mark}`)
  const found = await alice.api.get<{
    data: { name: string; next_follow_up_at: string; description: string }[]
  }>(`/customers?q=${mark}`)
  const made = found.data.find(({ name }) => name === `New ${mark}`)
  expect(made?.next_follow_up_at.slice(0, 10)).toBe('2027-06-04')
  expect(made?.description).toBe('first')

  await page.getByRole('button', { name: 'Undo import' }).click()
  await expect(page.getByRole('heading', { name: 'Import undone' })).toBeVisible()
  await expect(leader.page.getByRole('grid')).not.toContainText(`Other ${mark}`)
  await expect(leader.page.getByRole('grid')).toContainText(`Old ${mark}`)
  await page.getByRole('link', { name: 'Choose another file' }).click()
  const earlier = page.getByRole('region', { name: 'Earlier imports' })
  await expect(earlier.getByRole('link', { name: /customers\.csv/ })).toContainText('Undone')
})

test('A GBK sheet is read in Chinese on a phone, also one that is pasted', async ({ cast, open }) => {
  const wang = await cast.join('王磊', 'sales', 'zh-CN')
  const seller = await open(wang, phone)
  const { page } = seller
  await seller.visit('/import')
  // 客户名称,城市 / 宁波星河,宁波
  const gbk = Buffer.from('bfcdbba7c3fbb3c62cb3c7cad00ac4feb2a8d0c7bad32cc4feb2a80a', 'hex')
  await give(page, '客户.csv', gbk)
  await expect(page.getByRole('region', { name: '前几行' })).toContainText('宁波星河')
  await expect(page.getByLabel('编码')).toHaveValue('gb18030')
  await page.getByRole('button', { name: '下一步' }).click()
  await expect(page.getByLabel('“城市”对应的字段')).toHaveValue('address.city')
  await expectAccessible(page, 'the columns on a phone')
  await page.getByRole('button', { name: '检查数据' }).click()
  await page.getByRole('button', { name: '导入 1 行' }).click()
  await expect(page.getByRole('heading', { name: '已导入 1 行' })).toBeVisible()
  await page.getByRole('button', { name: '查看列表' }).click()
  await expect(page.getByText('宁波星河')).toBeVisible()

  await page.goto('/import?resource=customers')
  await expect(page.getByRole('button', { name: '选择文件' })).toBeVisible()
  await page.evaluate(() => {
    const data = new DataTransfer()
    data.setData('text/plain', '客户名称\t城市\n湖州远山\t湖州\n')
    document.body.dispatchEvent(
      new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }),
    )
  })
  await expect(page.getByRole('region', { name: '前几行' })).toContainText('湖州远山')
  // Escape asks; the file stays among the earlier ones.
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').getByRole('button', { name: '离开导入' }).click()
  await expect(page.getByRole('region', { name: '导入记录' })).toContainText('pasted.csv')
})

test('What is no table is refused in words, and what one may not write is not offered', async ({
  cast,
  open,
}) => {
  const alice = await cast.join('Alice')
  const seller = await open(alice)
  const { page } = seller
  seller.expects(/status of 422/)
  await seller.visit('/import')
  await expect(page.getByRole('radio', { name: 'Products' })).toHaveCount(0)
  await give(page, 'picture.png', Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(60)]))
  await expect(page.getByRole('alert')).toContainText('This file cannot be read as a table')
  await give(page, 'nothing.csv', '')
  await expect(page.getByRole('alert')).toContainText('“nothing.csv” is empty.')
  const saved = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Sample file' }).click()
  expect(await readFile(await (await saved).path(), 'utf8')).toContain('Example Ltd')
  const vera = await open(await cast.join('Vera', 'viewer'))
  await vera.visit('/import')
  await expect(vera.page.getByRole('heading', { name: 'You may not open this' })).toBeVisible()
})

/** Words of which no two resemble each other, so that the guard has nothing to say. */
const word = (at: string): string =>
  createHash('sha256')
    .update(at)
    .digest('hex')
    .replace(/[0-9]/g, (digit) => 'ghijklmnop'.charAt(Number(digit)))
    .slice(0, 14)

test('A long import is followed on other pages and over a reload, and is called off', async ({
  cast,
  open,
}) => {
  test.setTimeout(480_000)
  const alice = await cast.join('Alice')
  const seller = await open(alice)
  const { page } = seller
  await seller.visit('/import')
  const mark = unique()
  const rows = Array.from({ length: 12_000 }, (_, at) => word(`${mark} ${at}`)).map(
    (name) => `${name},office@${name}.example`,
  )
  await give(page, 'long.csv', `Company name,Email\n${rows.join('\n')}\n`)
  await expect(page.getByRole('heading', { name: 'long.csv' })).toBeVisible()
  await page.keyboard.press('Control+Enter')
  await next(page, 'Check the rows').click()
  await expect(page.getByRole('progressbar', { name: 'Checking the rows' })).toBeVisible()
  await expect(page.getByText(/rows per second/)).toBeVisible()
  await next(page, /^Import 12,000 rows$/).click({ timeout: 300_000 })
  await expect(page.getByRole('progressbar', { name: 'Importing' })).toBeVisible()
  await expectAccessible(page, 'the running import')
  await page.goto('/deals')
  const chip = page.getByRole('link', { name: /Importing “long\.csv”/ })
  await expect(chip).toBeVisible()
  await expectAccessible(page, 'a page with a running job')
  await chip.click()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await expect(page.getByRole('heading', { name: 'Import called off' })).toBeVisible()
  await page.getByRole('button', { name: 'Undo import' }).click()
  await expect(page.getByRole('heading', { name: 'Import undone' })).toBeVisible({ timeout: 45_000 })
  const left = await alice.api.get<{ meta: { total: number } }>(`/customers?owner_id=${alice.id}`)
  expect(left.meta.total).toBe(0)
})

test('Wrong rows are corrected in place, and the next file follows the last', async ({ cast, open }) => {
  const seller = await open(await cast.join('Alice'))
  const { page } = seller
  const mark = unique()
  await seller.visit('/import?resource=customers')
  const head = `Company name,Email,Note ${mark}`
  await give(page, 'first.csv', `${head}\nA ${mark},no address,one\nB ${mark},b@${mark}.example,two\n`)
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByLabel(`Note ${mark} becomes`).selectOption('Description')
  const known = page.getByRole('radiogroup', { name: 'Records that are there already' })
  await known.getByText('Skip', { exact: true }).click()
  await next(page, 'Check the rows').click()
  const wrong = page.getByRole('region', { name: 'Rows with errors' })
  await expect(wrong).toContainText('This is not a valid e-mail address.')
  await expect(wrong.getByLabel('Row 2, Company name')).toHaveValue(`A ${mark}`)
  const cell = wrong.getByLabel('Row 2, Email')
  await expect(cell).toHaveAttribute('aria-invalid', 'true')
  await expectAccessible(page, 'rows to correct')
  await cell.fill(`a@${mark}.example`)
  await cell.press('Tab')
  await next(page, 'Check again').click()
  await expect(figure(page, 'Will be new')).toHaveText('2')
  await expect(wrong).toHaveCount(0)
  await next(page, 'Import 2 rows').click()
  await expect(page.getByRole('heading', { name: '2 rows imported' })).toBeVisible()

  await page.getByRole('link', { name: 'Choose another file' }).click()
  await give(page, 'second.csv', `${head}\nC ${mark},c@${mark}.example,three\n`)
  await page.getByRole('button', { name: 'Continue' }).click()
  await expect(page.getByText('As last time')).toBeVisible()
  await expect(page.getByLabel(`Note ${mark} becomes`)).toHaveValue('description')
  await expect(known.getByRole('radio', { name: 'Skip' })).toBeChecked()
  await expectAccessible(page, 'columns as last time')
  await page.getByRole('button', { name: 'Start afresh' }).click()
  await expect(page.getByText('As last time')).toHaveCount(0)
  await expect(known.getByRole('radio', { name: 'Update' })).toBeChecked()
})

test('Users come with their teams, and it is said how they sign in', async ({ cast, open }) => {
  const admin = await open(await cast.join('Ada', 'admin'))
  const { page } = admin
  const mark = unique()
  await admin.visit('/import?resource=users')
  const rows = [`Name,Email,Role,Team`, `Dora ${mark},dora@${mark}.example,Manager,Team ${mark}`]
  await give(page, 'users.csv', rows.join('\n'))
  await page.getByRole('button', { name: 'Continue' }).click()
  await expect(page.getByText('No passwords are imported.')).toBeVisible()
  await page.getByRole('checkbox', { name: 'Teams' }).check()
  await expectAccessible(page, 'the columns of users')
  await next(page, 'Check the rows').click()
  await next(page, 'Import 1 row').click()
  await expect(page.getByRole('heading', { name: '1 row imported' })).toBeVisible()
  await expect(page.getByText('New users have no password yet.')).toBeVisible()
  await page.getByRole('button', { name: 'Show the list' }).click()
  await expect(page).toHaveURL(/\/admin\/users/)
  // Other journeys have people too: the list is longer than the page.
  await page.goto(`/admin/users?q=${encodeURIComponent(`Dora ${mark}`)}`)
  await expect(page.getByText(`Dora ${mark}`)).toBeVisible()

  // Where a team goes, what its people see may change: the feed then asks browsers to load anew.
  admin.expects(/status of 410 .*\/events/)
  await page.goBack()
  await page.goBack()
  await page.getByRole('button', { name: 'Undo import' }).click()
  await expect(page.getByRole('heading', { name: 'Import undone' })).toBeVisible()
})

test('An admin says what becomes of resembling customers, and an import may say otherwise', async ({
  cast,
  open,
}) => {
  const mark = unique()
  const [boss, alice] = [await cast.join('Rita', 'admin'), await cast.join('Alice', 'sales')]
  await boss.api.patch('/settings', { duplicate_check: 'warn' })
  await alice.api.post('/customers', { name: `Twin ${mark}`, phone: '+49 30 901820' })
  const [office, seller] = [await open(boss), await open(alice)]
  const { page } = office
  await office.visit('/admin/duplicates')
  const choices = page.getByRole('group', { name: 'New customers that resemble others' })
  await expect(choices.getByRole('radio', { name: 'Warn' })).toBeChecked()
  await expectAccessible(page, 'the setting')
  await shot(page, 'admin-duplicate-check')

  await seller.visit('/import?resource=customers')
  await give(seller.page, `twins-${mark}.csv`, `Name,Phone\nTwin ${mark} Ltd,+49 30 901820\n`)
  await seller.page.getByRole('button', { name: 'Continue' }).click()
  const asked = seller.page.getByRole('radiogroup', { name: 'New customers that resemble others' })
  await expect(asked.getByRole('radio')).toHaveCount(2)
  await expect(seller.page.getByText('An administrator has chosen “Warn”')).toBeVisible()
  // Without the phone number a row is not the record itself, only like it.
  await seller.page.getByRole('checkbox', { name: 'Phone' }).uncheck()
  await shot(seller.page, 'import-duplicates')

  await choices.getByRole('radio', { name: 'Block' }).check()
  await expect(page.getByText('New customers that resemble others: Block')).toBeVisible()
  // The other browser knows at once.
  await expect(seller.page.getByText('An administrator has chosen “Block”')).toBeVisible()
  await next(seller.page, 'Check the rows').click()
  await expect(figure(seller.page, 'Duplicates, skipped')).toHaveText('1')

  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(choices.getByRole('radio', { name: 'Warn' })).toBeChecked()
  expect((await boss.api.get<{ duplicate_check: string }>('/settings')).duplicate_check).toBe('warn')
})
