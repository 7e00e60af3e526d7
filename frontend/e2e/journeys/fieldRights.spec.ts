import { desk, phone } from '../support/actor'
import { expectAccessible } from '../support/axe'
import { unique } from '../support/cast'
import { looks, shot } from '../support/looks'
import { expect, test } from '../support/test'

const mobile = '13812345678'

test('Fields are kept from a role, shown masked, revealed on record, and given back', async ({
  cast,
  open,
}) => {
  const name = `Lea ${unique()}`
  const [boss, person] = [await cast.join('Rita', 'admin'), await cast.join(name)]
  const company = `Masked ${unique()}`
  const made = (await person.api.post('/customers', {
    name: company,
    phone: mobile,
    tax_id: '91310000MA1K35X12A',
    website: 'https://masked.example',
    industry: 'finance',
    credit_rating: 71,
  })) as { id: number }
  const human = `Ann ${unique()}`
  await person.api.post('/people', { name: human, customer_id: made.id, wechat: 'ann_secret' })
  await person.api.post('/deals', { name: 'Worth', customer_id: made.id, amount: '4321.00' })
  const [office, seat] = [await open(boss), await open(person)]
  const anew = /status of (403|410)/
  office.expects(anew)
  seat.expects(anew)
  const { page } = office
  const role = `Narrow ${unique()}`

  await office.visit('/admin/roles')
  await page.getByRole('button', { name: 'Copy role “Sales”' }).click()
  const dialog = page.getByRole('dialog', { name: 'New role' })
  await expect(dialog.getByLabel('Chinese name')).toBeFocused()
  await dialog.getByLabel('Chinese name').fill('')
  await dialog.getByLabel('English name').fill(role)
  const fields = dialog.getByRole('region', { name: 'Fields' })
  await fields.getByLabel('Phone').selectOption('Masked')
  await fields.getByLabel('Tax ID').selectOption('Hidden')
  await fields.getByLabel('Industry').selectOption('Read-only')
  await fields.getByLabel('Credit rating').selectOption('Hidden')
  await fields.getByText('People', { exact: false }).click()
  await fields.getByLabel('WeChat').selectOption('Masked')
  await fields.getByText('Deals', { exact: false }).click()
  // Half a number says nothing: an amount is there or not.
  await expect(fields.getByLabel('Amount and products').locator('option')).toHaveText([
    'As usual',
    'Read-only',
    'Hidden',
  ])
  await fields.getByLabel('Amount and products').selectOption('Hidden')
  await dialog.getByRole('button', { name: 'Create' }).click()
  await expect(page.getByRole('list', { name: 'Roles' })).toContainText(role)

  await office.visit('/admin/users')
  await page.getByRole('textbox', { name: 'Search name, e-mail, phone' }).fill(name)
  await page.getByRole('row', { name }).click()
  const user = page.getByRole('dialog', { name })
  await user.getByLabel('Role').selectOption({ label: role })
  await user.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('row', { name })).toContainText(role)

  await seat.visit(`/customers/${made.id}`)
  const facts = seat.page.getByRole('region', { name: 'Details' })
  await expect(facts).toContainText('138****5678')
  await expect(facts).not.toContainText('Tax ID')
  await expect(facts).not.toContainText('Credit rating')
  await expect(facts.getByRole('button', { name: /^Industry/ })).toBeDisabled()
  await expect(facts.getByRole('button', { name: /^Phone/ })).toBeDisabled()
  await expect(facts.getByRole('button', { name: /^Website/ })).toBeEnabled()
  const eye = facts.getByRole('button', { name: 'Show Phone' })
  await expectAccessible(seat.page, 'customer-masked')
  await eye.focus()
  await seat.page.keyboard.press('Enter')
  await expect(facts).toContainText(mobile)
  await facts.getByRole('button', { name: 'Hide Phone again' }).click()
  await expect(facts).not.toContainText(mobile)

  await seat.page.getByRole('region', { name: 'People' }).getByRole('button', { name: human }).click()
  const form = seat.page.getByRole('dialog', { name: human })
  await expect(form.getByLabel('WeChat', { exact: true })).toBeDisabled()
  await form.getByRole('button', { name: 'Show WeChat' }).click()
  await expect(form).toContainText('ann_secret')
  await seat.page.keyboard.press('Escape')

  // Neither columns nor filters nor sums tell what is hidden.
  await seat.visit('/customers?columns=name,phone,credit_rating')
  await expect(seat.page.getByRole('columnheader', { name: 'Phone' })).toBeVisible()
  await expect(seat.page.getByRole('columnheader', { name: 'Credit rating' })).toHaveCount(0)
  await seat.visit('/deals')
  await expect(seat.page.getByText('Worth')).toBeVisible()
  await expect(seat.page.locator('body')).not.toContainText('4,321')
  await expect(seat.page.locator('[data-amount]')).toHaveCount(0)

  const told = (await boss.api.get('/security/reveals')) as {
    data: { user: { name: string }; count: number }[]
  }
  expect(told.data.find((day) => day.user.name === name)?.count).toBe(2)
})

for (const [language, size, view] of looks)
  test(`The fields of a role can be read: ${language}, ${size}`, async ({ cast, open }) => {
    const boss = await cast.join('Rita', 'admin', language)
    const made = (await boss.api.post('/roles', {
      name_zh: `受限 ${unique()}`,
      name_en: `Kept ${unique()}`,
      permissions: [
        ...['customer', 'contact', 'deal', 'task', 'attachment'].map((kind) => `${kind}:read`),
        'customer:write',
      ],
      sight: 'everyone',
      fields: { customer: { phone: 'masked', email: 'masked', address: 'masked', level: 'read_only' } },
    })) as { key: string; name_zh: string; name_en: string }
    const reader = await cast.join('Kai', made.key as 'viewer', language)
    const customer = (await boss.api.post('/customers', {
      name: `远山 ${unique()}`,
      phone: mobile,
      email: `zhang${unique()}@example.com`,
      address: { province: '上海', city: '上海', street: '南京东路 1 号' },
    })) as { id: number }
    const { page } = await open(boss, view)
    await page.goto('/admin/roles')
    await page
      .getByRole('list')
      .getByRole('button', { name: language === 'en' ? made.name_en : made.name_zh })
      .first()
      .click()
    const fields = page.getByRole('region', { name: language === 'en' ? 'Fields' : '字段权限' })
    await fields.scrollIntoViewIfNeeded()
    await fields.getByRole('combobox').first().selectOption('hidden')
    await expectAccessible(page, `role-fields-${language}-${size}`)
    await shot(page, `role-fields-${language}-${size}-light`)
    await page.emulateMedia({ colorScheme: 'dark' })
    await shot(page, `role-fields-${language}-${size}-dark`)
    const seat = await open(reader, view)
    await seat.page.goto(`/customers/${customer.id}${size === 'phone' ? '?tab=facts' : ''}`)
    if (size === 'phone') await seat.page.getByRole('tab').nth(1).click()
    await expect(seat.page.getByText('138****5678').first()).toBeVisible()
    await shot(seat.page, `masked-${language}-${size}-light`)
    await seat.page.emulateMedia({ colorScheme: 'dark' })
    await shot(seat.page, `masked-${language}-${size}-dark`)
  })

test('A shared view that asks about a field kept from its reader opens without that, and says so', async ({
  cast,
  open,
}) => {
  const [boss, person] = [await cast.join('Rita', 'admin'), await cast.join('Lea', 'sales')]
  await person.api.post('/customers', { name: 'Lantern Holdings', credit_rating: 20 })
  const view = (await boss.api.post('/views', {
    name: `Solid ${unique()}`,
    resource: 'customers',
    visibility: 'public',
    filters: { credit_rating_min: ['60'] },
    sort: '-credit_rating',
  })) as { id: number }
  const key = `narrow_${unique()}`
  const sales = (await boss.api.get<{ data: { key: string; permissions: string[] }[] }>('/roles')).data.find(
    (role) => role.key === 'sales',
  )
  await boss.api.post('/roles', {
    key,
    name_en: key,
    sight: 'own',
    permissions: sales?.permissions ?? [],
    fields: { customer: { credit_rating: 'hidden' } },
  })
  await boss.api.patch(`/users/${person.id}`, { role: key })

  for (const [name, look] of [
    ['wide-light', { ...desk }],
    ['phone-dark', { ...phone, theme: 'dark' as const, language: 'zh-CN' as const }],
  ] as const) {
    const seat = await open(person, look)
    await seat.visit(`/customers?view_id=${view.id}`)
    await expect(seat.page.getByText('Lantern Holdings').first()).toBeVisible()
    await expect(seat.page.getByText(/Credit rating|信用评级/).first()).toBeVisible()
    await expect(seat.page.getByText(/you may not see it|您无权查看/)).toBeVisible()
    await expectAccessible(seat.page, `view-unread-${name}`)
    await shot(seat.page, `view-unread-${name}`)
  }
})
