import type { Page } from '@playwright/test'
import { phone } from '../support/actor'
import { expectAccessible } from '../support/axe'
import { looks, shot } from '../support/looks'
import { expect, test } from '../support/test'

const field = (page: Page, name: string, text: string) =>
  page.getByRole('radio', { name: new RegExp(`^${name}: ${text}`) })

test('Two customers become one, whoever looks at the other one comes along, and it is taken back', async ({
  cast,
  open,
}) => {
  const [alice, carol] = [await cast.join('Alice'), await cast.join('Carol', 'manager')]
  const stays = await alice.api.post('/customers', {
    name: 'Quartz Instruments Ltd',
    phone: '0571 8888 0001',
    email: 'sales@quartz.example',
    level: 'A',
    tags: ['VIP'],
  })
  const goes = await alice.api.post('/customers', {
    name: 'Quartz Instr.',
    phone: '0571 8888 0002',
    website: 'https://quartz.example',
    description: 'Met at the fair.\nWants an offer for 40 sensors.',
    tags: ['fair'],
  })
  await alice.api.post('/people', { customer_id: goes.id, name: 'Wu Min', title: 'Buyer' })
  await alice.api.post('/deals', { customer_id: goes.id, name: 'Forty sensors', amount: '5000.00' })
  await alice.api.post('/contacts', { customer_id: goes.id, kind: 'call', content: 'Asked for a price.' })
  const [seller, leader] = [await open(alice), await open(carol)]
  const { page } = seller
  await leader.visit(`/customers/${goes.id}`)
  await seller.visit(`/customers/${stays.id}`)

  await page.getByRole('button', { name: 'More actions' }).click()
  await page.getByRole('menuitem', { name: 'Merge with…' }).click()
  const picker = page.getByRole('dialog')
  await picker.getByRole('combobox').fill('Quartz Instr.')
  await picker.getByRole('option', { name: /^Quartz Instr\./ }).click()
  await expect(page).toHaveURL(`/customers/merge?ids=${stays.id},${goes.id}`)

  const result = page.getByRole('region', { name: 'Result' })
  await expect(field(page, 'Phone', '0571 8888 0001')).toBeChecked()
  await expect(field(page, 'Website', 'https://quartz')).toBeChecked()
  await expect(result.getByText('1 person, 1 deal, 1 activity')).toBeVisible()
  await expect(result.getByText('VIP, fair')).toBeVisible()
  await expectAccessible(page, 'merging')
  await shot(page, 'merge-customers')
  await field(page, 'Phone', '0571 8888 0002').check()
  await expect(result.getByText('Kept as a contact person’s: 0571 8888 0001')).toBeVisible()
  await page
    .getByRole('banner')
    .or(page.locator('header'))
    .getByRole('button', { name: 'Merge', exact: true })
    .click()

  await expect(page).toHaveURL(`/customers/${stays.id}`)
  const notices = page.getByRole('region', { name: 'Notices' })
  await expect(notices.getByText('2 customers merged into “Quartz Instruments Ltd”')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Phone 0571 8888 0002', exact: true })).toBeVisible()
  await expect(page.getByRole('button', { name: /^Wu Min/ })).toBeVisible()
  // Who looked at the other one stands before the one that stays.
  await expect(leader.page).toHaveURL(`/customers/${stays.id}`)
  await expect(leader.page.getByText('This customer was merged into “Quartz Instruments Ltd”')).toBeVisible()
  await shot(page, 'merge-done')

  await notices.getByRole('button', { name: 'Undo' }).click()
  await expect(page.getByRole('button', { name: 'Phone 0571 8888 0001', exact: true })).toBeVisible()
  await expect(page.getByRole('button', { name: /^Wu Min/ })).toHaveCount(0)
  await seller.visit(`/customers/${goes.id}`)
  await expect(page).toHaveURL(`/customers/${goes.id}`)
  await expect(page.getByRole('heading', { level: 1, name: 'Quartz Instr.' })).toBeVisible()
  await expect(page.getByRole('button', { name: /^Wu Min/ })).toBeVisible()
})

test('Two people become one on a phone', async ({ cast, open }) => {
  const alice = await cast.join('Alice')
  const home = await alice.api.post('/customers', { name: 'Basalt Works Ltd' })
  const stays = await alice.api.post('/people', {
    customer_id: home.id,
    name: 'Li Na',
    title: 'Buyer',
    email: 'li@basalt.example',
  })
  const goes = await alice.api.post('/people', {
    customer_id: home.id,
    name: 'Na Li',
    title: 'Head of purchasing',
    phone: '138 0013 8000',
    email: 'na.li@basalt.example',
  })
  const actor = await open(alice, phone)
  const { page } = actor
  await actor.visit(`/people/merge?ids=${stays.id},${goes.id}`)
  await page
    .getByRole('group', { name: 'Title' })
    .getByRole('radio', { name: /Head of purchasing/ })
    .check()
  await expect(page.getByText('li@basalt.example, na.li@basalt.example')).toBeVisible()
  await expectAccessible(page, 'merging')
  await shot(page, 'merge-people-phone')
  await page.getByRole('button', { name: 'Merge 2 records' }).click()
  await expect(page).toHaveURL(`/customers/${home.id}`)
  await page.getByRole('tab', { name: 'People' }).click()
  await expect(page.getByText('Head of purchasing')).toBeVisible()
  await expect(page.getByText('Na Li').filter({ visible: true })).toHaveCount(0)
})

for (const [language, size, view] of looks)
  test(`Merging looks well: ${language}, ${size}`, async ({ cast, open }) => {
    const alice = await cast.join('Alice')
    const made = []
    for (const [index, city] of ['杭州', '上海', '深圳'].entries())
      made.push(
        await alice.api.post('/customers', {
          name: ['联曦科技有限公司', '联曦科技', 'Lianxi Technology Co., Ltd'][index],
          phone: `0571 8888 000${index}`,
          address: { province: '浙江', city, street: '文一西路 969 号' },
          level: 'ABC'[index],
          website: 'https://lianxi.example',
          employee_count: 40 + index,
          annual_revenue: index === 1 ? null : '1250000.00',
          ...(index === 2 ? { description: '在展会上认识。\n需要 40 个传感器的报价，下周一之前。' } : {}),
        }),
      )
    const actor = await open(alice, { ...view, language, theme: size === 'wide' ? 'dark' : 'light' })
    await actor.visit(`/customers/merge?ids=${made.map(({ id }) => id).join(',')}`)
    await expect(actor.page.getByText('0571 8888 0001').first()).toBeVisible()
    await expectAccessible(actor.page, 'merging')
    await shot(actor.page, `merge-${language}-${size}`)
  })
