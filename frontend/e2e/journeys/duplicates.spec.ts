import { unique } from '../support/cast'
import { compose } from '../support/ime'
import { shot } from '../support/looks'
import { expect, test } from '../support/test'

test('A known customer shows up while it is typed in, and who may not see it learns whom to ask', async ({
  cast,
  open,
}) => {
  const [alice, bob] = [await cast.join('Alice', 'sales', 'zh-CN'), await cast.join('Bob')]
  const number = String(Date.now() % 1e8).padStart(8, '0')
  await bob.api.post('/customers', { name: '杭州云启数据有限公司', phone: `138${number}000`.slice(0, 11) })
  const own = await alice.api.post('/customers', { name: '云启数据', short_name: '云启' })
  const actor = await open(alice)
  const { page } = actor
  const asked: string[] = []
  page.on('request', (request) => {
    if (request.url().endsWith('/customers/check')) asked.push(request.postData() ?? '')
  })
  await actor.visit('/customers')
  await page.getByRole('button', { name: '新建客户' }).first().click()
  const dialog = page.getByRole('dialog', { name: '新建客户' })
  await dialog.getByRole('textbox', { name: '名称' }).focus()
  await compose(page, 'yunqishuju', '云启数据')
  const panel = dialog.getByRole('region', { name: '可能已有该客户' })
  await expect(panel.getByRole('link', { name: '云启数据' })).toBeVisible()
  await expect(panel.getByText('已被占用，请联系 Bob')).toBeVisible()
  await expect(panel).not.toContainText('杭州')
  expect(asked.filter((body) => body.includes('yun'))).toEqual([])
  expect(asked).toHaveLength(1)
  await shot(page, 'duplicates-dialog-zh')
  await panel.getByRole('link', { name: '云启数据' }).click()
  await expect(page).toHaveURL(new RegExp(`/customers/${own.id}$`))
})

test('A manager goes through the list of duplicates', async ({ cast, open }) => {
  const [alice, carol] = [await cast.join('Alice'), await cast.join('Carol', 'manager')]
  const name = `Larkspur ${unique().replace(/[^a-z]/gi, '')}`
  const one = await alice.api.post('/customers', {
    name: `${name} GmbH`,
    phone: '010 8888 1234',
    tax_id: '914403001922038217',
  })
  const other = await carol.api.post('/customers', { name, email: `${unique()}@larkspur.example` })
  const actor = await open(carol)
  const { page } = actor
  await actor.visit('/customers')
  await page.getByRole('button', { name: 'More actions' }).click()
  await page.getByRole('menuitem', { name: 'Find duplicates' }).click()
  await expect(page.getByRole('heading', { name: 'Duplicates' })).toBeVisible()
  await page.getByRole('button', { name: 'Scan again' }).click()
  await expect(page.getByText(/Scan finished/)).toBeVisible({ timeout: 30_000 })
  const card = page.getByRole('article', { name: `${name} GmbH and ${name}` })
  await expect(card).toContainText('Same name')
  await expect(card.getByRole('link', { name: 'Merge' })).toHaveAttribute(
    'href',
    `/customers/merge?ids=${one.id},${other.id}`,
  )
  await shot(page, 'duplicates-list')
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.setViewportSize({ width: 390, height: 844 })
  await shot(page, 'duplicates-list-phone-dark')
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize({ width: 1440, height: 900 })
  await card.getByRole('button', { name: 'Not a duplicate' }).click()
  await expect(card).toBeHidden()
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(card).toBeVisible()
  await card.getByRole('link', { name: `${name} GmbH` }).click()
  await expect(page.getByRole('region', { name: 'May be in the list twice' })).toContainText('1')
  const facts = page.getByRole('region', { name: 'Details' })
  await expect(facts.getByText(/check character/)).toBeVisible()
  await facts.getByText(/check character/).scrollIntoViewIfNeeded()
  await shot(page, 'duplicates-customer')
  await facts.getByRole('button', { name: 'Province: Beijing' }).click()
  await expect(facts.getByRole('button', { name: 'Province Beijing', exact: true })).toBeVisible()
  await expect(facts.getByRole('button', { name: 'Province: Beijing' })).toBeHidden()
  await page.getByRole('link', { name: 'Review' }).click()
  await page
    .getByRole('article', { name: `${name} GmbH and ${name}` })
    .getByRole('button', { name: 'Not a duplicate' })
    .click()
  await expect(page.getByText('No duplicates to check')).toBeVisible()
  await page.getByText('Not duplicates', { exact: true }).click()
  await expect(page.getByRole('article', { name: `${name} GmbH and ${name}` })).toBeVisible()
})

test('A manager goes through people that were entered twice', async ({ cast, open }) => {
  const carol = await cast.join('Carol', 'manager', 'zh-CN')
  const home = await carol.api.post('/customers', { name: `Larkspur ${unique()}` })
  const people = [
    { name: '章雨桐', title: '采购经理', phone: '13800138000', customer_id: home.id },
    {
      name: 'Zhang Yutong',
      email: `${unique()}@larkspur.example`,
      birthday: '1990-05-01',
      customer_id: home.id,
    },
  ]
  const ids: number[] = []
  for (const person of people) ids.push((await carol.api.post('/people', person)).id)
  const actor = await open(carol)
  const { page } = actor
  await actor.visit('/people')
  await page.getByRole('button', { name: '更多操作' }).click()
  await page.getByRole('menuitem', { name: '查找重复' }).click()
  await expect(page.getByRole('heading', { name: '重复联系人' })).toBeVisible()
  await page.getByRole('button', { name: '重新查找' }).click()
  await expect(page.getByText('查找完成')).toBeVisible({ timeout: 30_000 })
  await actor.visit(`/people/duplicates?person_id=${ids[0]}`)
  const card = page.getByRole('article', { name: '章雨桐 与 Zhang Yutong' })
  await expect(card).toContainText('同一客户')
  await expect(card).toContainText('与拼音一致')
  await expect(card.getByRole('row', { name: /采购经理/ })).toBeVisible()
  await shot(page, 'duplicates-people-zh')
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.setViewportSize({ width: 390, height: 844 })
  await shot(page, 'duplicates-people-phone-dark-zh')
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize({ width: 1440, height: 900 })
  await card.getByRole('button', { name: '不是重复' }).click()
  await expect(card).toBeHidden()
  await page.getByRole('button', { name: '撤销' }).click()
  await expect(card).toBeVisible()
  await card.getByRole('link', { name: '合并' }).click()
  await expect(page).toHaveURL(/\/people\/merge/)
  await page.getByRole('button', { name: /^合并/ }).last().click()
  await expect(page).toHaveURL(/\/people\/duplicates/)
  await expect(page.getByText('没有待核对的重复联系人')).toBeVisible()
})
